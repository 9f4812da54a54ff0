// Keeps a page as it is on the server. Without this it works too, and is reloaded by hand.
(() => {
  "use strict";
  const body = document.body;
  const stale = document.getElementById("stale");
  // The server gives a sign of life every 10 s.
  const QUIET = 35000;
  let stream = null;
  let heard = Date.now();
  let tried = 0;
  let tag = null;
  let waiting = null;
  let lost = false;
  let shown = document.getElementById("main").innerHTML;

  const say = (words) => {
    if (stale.textContent !== words) stale.textContent = words;
    stale.hidden = words === "";
  };

  // What somebody fills in to do something, and what came of that, is not asked for again.
  const isAnswer = () => document.querySelector("#main form[method=post], #main [role=alert]") !== null;

  // Nothing is exchanged below somebody's hands: a field that is filled in, text that is marked.
  const busy = () => {
    const active = document.activeElement;
    const typing = active && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName);
    const selection = window.getSelection();
    return typing || (selection && String(selection) !== "") || document.hidden;
  };

  // What is the same thing for a reader, before and after.
  const key = (one) => {
    const name = ["href", "datetime", "aria-label", "name"].map((name) => one.getAttribute(name));
    return one.tagName + " " + (name.find((value) => value) || one.textContent);
  };
  const alike = (root, wanted) =>
    [...root.querySelectorAll(wanted.split(" ")[0])].filter((one) => key(one) === wanted);

  const exchange = (old, fresh) => {
    const opened = new Map([...old.querySelectorAll("summary")].map((one) => [key(one), one.parentElement.open]));
    const scrolled = new Map([...old.querySelectorAll(".scroll, pre")].map((one, index) => [index, one.scrollLeft]));
    const typed = [...old.querySelectorAll("input, select")].map((one) => [key(one), one.value]);
    const active = document.activeElement;
    const focused = old !== active && old.contains(active) ? key(active) : null;
    const nth = focused ? alike(old, focused).indexOf(active) : 0;
    old.replaceWith(fresh);
    fresh.querySelectorAll("summary").forEach((one) => {
      if (opened.has(key(one))) one.parentElement.open = opened.get(key(one));
    });
    fresh.querySelectorAll(".scroll, pre").forEach((one, index) => { one.scrollLeft = scrolled.get(index) || 0; });
    typed.forEach(([wanted, value]) => alike(fresh, wanted).forEach((one) => { one.value = value; }));
    const again = focused ? alike(fresh, focused) : [];
    if (old === active) fresh.focus({ preventScroll: true });
    else if (again.length) (again[nth] || again[0]).focus({ preventScroll: true });
  };

  const renew = async () => {
    waiting = null;
    if (busy()) { soon(2000); return; }
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(location.href, { headers, cache: "no-store", signal: AbortSignal.timeout(20000) });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const main = fresh.getElementById("main");
      if (!main || busy()) return;
      tag = answer.headers.get("ETag");
      if (main.innerHTML === shown) return;
      shown = main.innerHTML;
      exchange(document.getElementById("main"), document.adoptNode(main));
      document.title = fresh.title;
    } catch {
      // The stream says so when it is gone for long.
    } finally {
      every();
    }
  };

  const soon = (milliseconds) => {
    if (waiting === null && !isAnswer()) waiting = setTimeout(renew, milliseconds);
  };

  const every = () => {
    const wanted = document.querySelector("[data-every]");
    if (wanted) soon(Number(wanted.dataset.every) * 1000);
  };

  const alive = () => {
    heard = Date.now();
    if (lost) { lost = false; soon(0); }
  };

  const connect = () => {
    if (stream) stream.close();
    tried = Date.now();
    stream = new EventSource(body.dataset.events);
    stream.onopen = alive;
    stream.addEventListener("here", alive);
    stream.addEventListener("changed", () => { alive(); soon(300); });
    stream.onerror = () => { lost = true; };
  };

  setInterval(() => {
    const silent = Date.now() - heard;
    if (silent > QUIET) lost = true;
    // One that was closed, or hangs without the browser knowing.
    const isClosed = stream.readyState === EventSource.CLOSED;
    if (lost && Date.now() - tried > (isClosed ? 5000 : QUIET)) connect();
    if (lost) say("Cut off from the server: what stands here is from " + Math.round(silent / 1000) + " s ago. Trying again.");
    else say("");
  }, 1000);

  // Times are told as they were when the page was made: it is made again each minute.
  setInterval(() => soon(0), 60000);
  addEventListener("pagehide", () => stream.close());
  // Browsers keep pages that one may go back to.
  addEventListener("pageshow", (event) => { if (event.persisted) { connect(); soon(0); } });
  connect();
  every();
})();
