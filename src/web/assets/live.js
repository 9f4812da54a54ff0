// Keeps a page as it is on the server. Without this it works too, and is reloaded by hand.
(() => {
  "use strict";
  const body = document.body;
  const stale = document.getElementById("stale");
  const interval = Math.max(Number(body.dataset.interval) || 300, 15);
  let heard = Date.now();
  let tag = null;
  let waiting = null;
  let lost = false;

  const say = (words) => {
    if (stale.textContent !== words) stale.textContent = words;
    stale.hidden = words === "";
  };

  // Nothing is exchanged below somebody's hands: a form that is filled in, text that is marked.
  const busy = () => {
    const active = document.activeElement;
    const typing = active && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName);
    const selection = window.getSelection();
    return typing || (selection && String(selection) !== "") || document.hidden;
  };

  const renew = async () => {
    waiting = null;
    if (busy()) { soon(2000); return; }
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(location.href, { headers, cache: "no-store" });
      if (answer.status === 304) { heard = Date.now(); return; }
      if (!answer.ok) return;
      const text = await answer.text();
      tag = answer.headers.get("ETag");
      const fresh = new DOMParser().parseFromString(text, "text/html");
      const main = fresh.getElementById("main");
      if (!main || busy()) return;
      const open = [...document.querySelectorAll("main details")].map((one) => one.open);
      const old = document.getElementById("main");
      const active = document.activeElement;
      const focused = old.contains(active) && active.getAttribute("href");
      const scrolled = [...old.querySelectorAll(".scroll, pre")].map((one) => [one.scrollLeft, one.scrollTop]);
      old.replaceWith(document.adoptNode(main));
      const now = document.getElementById("main");
      now.querySelectorAll("details").forEach((one, index) => { if (index in open) one.open = open[index]; });
      now.querySelectorAll(".scroll, pre").forEach((one, index) => {
        if (index in scrolled) [one.scrollLeft, one.scrollTop] = scrolled[index];
      });
      if (focused) {
        const again = [...now.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused);
        if (again) again.focus({ preventScroll: true });
      }
      document.title = fresh.title;
      heard = Date.now();
      every();
    } catch {
      // The stream says so when it is gone for long.
    }
  };

  const soon = (milliseconds) => { if (waiting === null) waiting = setTimeout(renew, milliseconds); };

  const every = () => {
    const wanted = document.querySelector("[data-every]");
    if (wanted) soon(Number(wanted.dataset.every) * 1000);
  };

  const connect = () => {
    const stream = new EventSource(body.dataset.events);
    stream.onopen = () => { heard = Date.now(); if (lost) { lost = false; soon(0); } };
    stream.addEventListener("changed", () => { heard = Date.now(); soon(300); });
    stream.onerror = () => {
      lost = true;
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
    };
    addEventListener("pagehide", () => stream.close());
  };

  setInterval(() => {
    const silent = Math.round((Date.now() - heard) / 1000);
    if (lost) say("Cut off from the server: what stands here is from " + silent + " s ago. Trying again.");
    else if (silent > 2 * interval) soon(0);
    else say("");
  }, 1000);

  // Times are told as they were when the page was made: it is made again each minute.
  setInterval(() => soon(0), 60000);
  connect();
  every();
})();
