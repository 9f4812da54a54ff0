#!/usr/bin/env python3
"""
Looks at the status page of a real farm as people do, in a real Chromium without a window.

    scripts/browser.py [target/debug/djbuild]

Needs a container engine, chromium and chromium-driver; selenium and axe-core come from
PyPI into an environment of their own below target/. Every page is looked at narrow and
wide, light and dark; then it is used with a mouse, with keys alone, and without scripts.
Each check is a line, ok or FAILED; pictures are in target/browser; exits with 1 if a
check has failed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PICTURES = PROJECT / "target" / "browser"
HOME = PICTURES / "python"
# The second has axe-core inside.
PACKAGES = ["selenium>=4.20", "axe-playwright-python>=0.1.8"]
CELL = "main-python3.14-sqlite"
BAD_TEST = "basic.tests.Broken.test_it"


def prepare():
    """Goes on in an environment that has what is needed."""
    missing = [name for name in ["chromium", "chromedriver", "git"] if not shutil.which(name)]
    if missing:
        sys.exit(f"missing: {' '.join(missing)}: apt-get install chromium chromium-driver git")
    python = HOME / "bin" / "python"
    if Path(sys.prefix) == HOME:
        return
    if not (HOME / "ready").exists():
        print("getting selenium and axe-core", file=sys.stderr)
        made = subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=False)
        if made.returncode:
            sys.exit("no environment can be made: apt-get install python3-venv")
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, PACKAGES[0]], check=True)
        subprocess.run([*pip, "--no-deps", PACKAGES[1]], check=True)
        (HOME / "ready").touch()
    os.execv(python, [str(python), *sys.argv])


class Checks:
    """What has been looked at, and what came of it."""

    def __init__(self):
        self.passed, self.failed = 0, []

    def holds(self, sentence, is_so, found=""):
        if is_so:
            self.passed += 1
            print(f"ok     {sentence}", flush=True)
        else:
            self.failed.append(sentence)
            print(f"FAILED {sentence}: {found}", flush=True)


def refused(chromium, password):
    """What is said to who logs in like that, and is not let in."""
    chromium.open("/login")
    chromium.type("input[name=name]", "ann")
    chromium.type("input[name=password]", password)
    chromium.click("main button")
    chromium.awaits(10, lambda: chromium.all("[role=alert]"))
    return chromium.text("main") if chromium.all("[role=alert]") else ""


def every_page(checks, chromium, red, green):
    """Each page, narrow and wide, light and dark."""
    query = urllib.parse.urlencode({"test": BAD_TEST, "branch": "main"})
    pages = {
        "status": "/", "console": "/console", "console-turned": "/console?by=cells",
        "queue": "/queue", "request": "/requests/1", "runs": "/runs",
        "runs-none": "/runs?branch=none", "run-red": f"/runs/{red}", "run-green": f"/runs/{green}",
        "cell-red": f"/runs/{red}/cells/{CELL}", "cell-green": f"/runs/{green}/cells/{CELL}",
        "log": f"/runs/{red}/log/{CELL}", "log-search": f"/runs/{red}/log/{CELL}?q=broken",
        "test": f"/test?{query}", "test-times": f"/test?{query}&cell={CELL}",
        "waterfall": "/waterfall", "waterfall-month": "/waterfall?hours=720",
        "notices": "/notices", "machine": "/machine", "login": "/login", "force": "/act/force",
        "pause": "/act/pause", "stop": f"/act/stop?run={red}", "cancel": "/act/cancel?request=1",
        "resend": "/act/resend?notice=1", "missing": "/no/such/page", "wrong": "/console?last=x",
    }
    for name, path in pages.items():
        for width in [360, 1280]:
            for scheme in ["light", "dark"]:
                chromium.shape(width, scheme)
                chromium.open(path)
                what = f"{name}, {width} wide, {scheme}"
                wide = chromium.do(chromium.TOO_WIDE)
                found = chromium.findings()
                said = chromium.complaints()
                asked = chromium.strangers()
                wrong = [f"too wide: {wide}"] * bool(wide) + [f"axe: {found}"] * bool(found)
                wrong += [f"console: {said}"] * bool(said) + [f"asked of others: {asked}"] * bool(asked)
                checks.holds(f"{what}: fits, is accessible, quiet and asks nobody else", not wrong, wrong)
                chromium.picture(f"{name}-{width}-{scheme}")
    chromium.shape(1280, "light")


def first_screen(checks, chromium):
    chromium.open("/")
    bottom = chromium.do("""const heads = [...document.querySelectorAll("h2")];
        return heads.find((one) => one.textContent === "Next").getBoundingClientRect().top""")
    checks.holds("the first screen has branches, what runs, what waits and what is next", bottom < 780, bottom)


def logging_in(checks, chromium):
    said = refused(chromium, "not-this-one")
    checks.holds("a wrong password is told", "✘" in said, said)
    chromium.shape(360, "light")
    chromium.picture("login-wrong-360-light")
    chromium.shape(1280, "light")
    # Longer than something that is told in the meantime takes to exchange a page.
    time.sleep(1.5)
    checks.holds("and goes on standing there", bool(chromium.all("[role=alert]")))
    chromium.open("/act/pause?what=main")
    checks.holds("who wants to do something is asked who they are", "/login?next=" in chromium.driver.current_url)
    chromium.type("input[name=name]", "ann")
    chromium.type("input[name=password]", PASSWORD)
    chromium.press("ENTER")
    chromium.awaits(10, lambda: "/act/pause" in chromium.driver.current_url)
    checks.holds("and comes to where they wanted to go", "/act/pause?what=main" in chromium.driver.current_url)
    cookie = chromium.driver.get_cookie("djbuild")
    checks.holds("no script reads the session", cookie and cookie["httpOnly"] and cookie["sameSite"] == "Lax", cookie)
    checks.holds("the page says who is logged in", "ann" in chromium.text(".who"))


def doing(checks, chromium, farm):
    """Pause, force with a reason, cancel, stop, resume."""
    chromium.open("/act/pause")
    chromium.click("main button")
    checks.holds("a pause is shown", chromium.awaits(10, lambda: "Paused" in chromium.text("main")))
    chromium.click("a[href='act/force']")
    chromium.click("main button")
    checks.holds("a run needs a reason", "/act/force" in chromium.driver.current_url)
    typed = "to see it <b>in a browser</b>"
    chromium.type("input[name=reason]", typed)
    # Somebody looks elsewhere while the farm goes on.
    chromium.do("document.activeElement.blur()")
    farm.git("branch", "-f", "stable/9.9", "main~1")
    time.sleep(14)
    kept = chromium.do("return document.querySelector('input[name=reason]').value")
    checks.holds("what is typed stays while the farm goes on", kept == typed, kept)
    if kept != typed:
        chromium.type("input[name=reason]", typed)
    chromium.do("document.querySelector('main form').requestSubmit()")
    checks.holds("a forced run waits, with its reason", chromium.awaits(10, lambda: typed in chromium.text("main")))
    checks.holds("and says that it is paused", "paused" in chromium.text("main").lower())
    chromium.shape(360, "light")
    chromium.picture("queue-waiting-360-light")
    chromium.shape(1280, "light")
    chromium.picture("queue-waiting-1280-light")
    chromium.do("""[...document.querySelectorAll("tbody tr")]
        .find((row) => row.innerText.includes(arguments[0]))
        .querySelector("a[href^='requests/']").click()""", typed)
    chromium.awaits(10, lambda: "/requests/" in chromium.driver.current_url)
    said = chromium.text("main")
    checks.holds("its page says who wanted it and why", "ann" in said and typed in said, said)
    chromium.click("a.button[href^='act/cancel']")
    chromium.click("main button")
    checks.holds("a request is cancelled", chromium.awaits(10, lambda: "cancelled" in chromium.text("main")))
    checks.holds("and it is noted by whom", "ann" in chromium.text("main"))
    chromium.open("/act/resume")
    chromium.click("main button")
    checks.holds("a pause ends", chromium.awaits(
        10, lambda: "/queue" in chromium.driver.current_url and "Paused" not in chromium.text("main")))


def stopping(checks, chromium, farm):
    going = farm.awaits("running")
    chromium.open(f"/runs/{going}/log/{CELL}")
    checks.holds("the log of what runs is followed", chromium.awaits(
        90, lambda: "of 36" in chromium.text("pre") or "test" in chromium.text("pre").lower()), farm.log())
    for name, path in {"status-running": "/", "run-running": f"/runs/{going}",
                       "console-running": "/console", "log-running": f"/runs/{going}/log/{CELL}"}.items():
        for width, scheme in [(360, "light"), (1280, "dark")]:
            chromium.shape(width, scheme)
            chromium.open(path)
            found = chromium.findings()
            checks.holds(f"{name}, {width} wide: accessible", not found, found)
            wide = chromium.do(chromium.TOO_WIDE)
            checks.holds(f"{name}, {width} wide: fits", not wide, wide)
            chromium.picture(f"{name}-{width}-{scheme}")
    chromium.shape(1280, "light")
    chromium.open(f"/runs/{going}")
    chromium.click("a.button[href^='act/stop']")
    chromium.click("main button")
    chromium.awaits(60, lambda: farm.outcomes()[going][1] != "running")
    checks.holds("a run is stopped", farm.outcomes()[going][1] == "cancelled", farm.outcomes())


def forged(checks, chromium, farm):
    """What another site has a browser send does nothing."""
    cookie = chromium.driver.get_cookie("djbuild")["value"]

    def status(path, headers, form):
        request = urllib.request.Request(
            farm.address + path, urllib.parse.urlencode(form).encode(),
            {"Cookie": f"djbuild={cookie}", **headers})
        try:
            return urllib.request.urlopen(request, timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code

    other = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path in ["/act/pause", "/logout", "/login"]:
        form = {"what": "main", "name": "ann", "password": PASSWORD}
        checks.holds(f"another site cannot post to {path}", status(path, other, form) == 403)
    checks.holds("nor can whoever has no token of the form",
                 status("/act/pause", {"Sec-Fetch-Site": "same-origin"}, {"what": "main"}) == 403)


def living(checks, chromium, farm):
    """A page that stays open sees what happens, and says when it cannot."""
    chromium.shape(1280, "light", "reduce")
    chromium.open("/")
    chromium.do("window.isSame = true; document.querySelector('main time').focus()")
    farm.commit("6.1.1", "", "Fixed #36003 -- Mended what was broken.")
    checks.holds("a commit is on the page by itself", chromium.awaits(60, lambda: farm.tip()[:10] in chromium.text("main")))
    run = farm.awaits("passed")
    checks.holds("and so is the run that it gets", chromium.awaits(20, lambda: run in chromium.text("main")))
    checks.holds("the page was not loaded again", chromium.do("return window.isSame === true"))
    farm.stop()
    banner = "#stale:not([hidden])"
    checks.holds("who is cut off is told", chromium.awaits(20, lambda: "Cut off" in chromium.text(banner)))
    chromium.picture("stale-1280-light")
    found = chromium.findings()
    checks.holds("the banner is accessible", not found, found)
    moving = chromium.do("""return [...document.querySelectorAll("*")].filter((one) => {
        const style = getComputedStyle(one);
        return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
      }).length""")
    checks.holds("nothing moves where that is not wanted", moving == 0, moving)
    farm.start()
    checks.holds("the banner goes when the server is back", chromium.awaits(40, lambda: not chromium.all(banner)))
    farm.git("commit", "-q", "--allow-empty", "-m", "After the restart")
    checks.holds("and the page goes on by itself", chromium.awaits(60, lambda: farm.tip()[:10] in chromium.text("main")))
    checks.holds("without being loaded again", chromium.do("return window.isSame === true"))
    farm.process.send_signal(signal.SIGSTOP)
    try:
        checks.holds("a server that hangs is told too", chromium.awaits(60, lambda: bool(chromium.all(banner))))
    finally:
        farm.process.send_signal(signal.SIGCONT)
    checks.holds("and that it answers again", chromium.awaits(60, lambda: not chromium.all(banner)))
    # Back from another page, as browsers keep pages.
    chromium.open("/console")
    chromium.driver.back()
    farm.git("commit", "-q", "--allow-empty", "-m", "After going back")
    checks.holds("a page that was gone back to lives", chromium.awaits(60, lambda: farm.tip()[:10] in chromium.text("main")))
    chromium.complaints()
    chromium.shape(1280, "light")


def by_keys(checks, chromium, red):
    """Everything without a mouse."""
    for name, path in {"status": "/", "run": f"/runs/{red}", "queue": "/queue", "console": "/console",
                       "log": f"/runs/{red}/log/{CELL}", "force": "/act/force"}.items():
        chromium.open(path)
        chromium.press("TAB")
        first = chromium.do(chromium.FOCUSED)
        checks.holds(f"{name}: the first key leads to the content", first and "skip" in first[2] and first[1], first)
        chromium.press("ENTER")
        place = chromium.do("return [document.activeElement.id, location.pathname]")
        checks.holds(f"{name}: and goes there", place[0] == "main" and path.split("?")[0] == place[1], place)
        chromium.open(path)
        wanted = chromium.do(chromium.REACHABLE)
        reached, unseen = set(), []
        for _ in range(len(wanted) + 30):
            chromium.press("TAB")
            focused = chromium.do(chromium.FOCUSED)
            if focused is None or focused[0] in reached and focused[0] == 0:
                break
            reached.add(focused[0])
            if not focused[1]:
                unseen.append(focused[2])
        missed = [html for index, html in enumerate(wanted) if index not in reached]
        checks.holds(f"{name}: keys reach all {len(wanted)} things", not missed, missed[:4])
        checks.holds(f"{name}: and it is seen where they are", not unseen, unseen[:4])
    chromium.open("/")
    chromium.do("document.querySelector('main time').focus()")
    said = chromium.do("return [getComputedStyle(document.activeElement, '::after').content,"
                       " document.activeElement.outerHTML.slice(0, 90), document.hasFocus()]")
    checks.holds("a time that is focused says the hour too", "Z" in said[0] and "T" in said[0], said)
    chromium.shape(360, "dark")
    chromium.do("[...document.querySelectorAll('main time')].at(-1).focus()")
    chromium.picture("time-focused-360-dark")
    wide = chromium.do(chromium.TOO_WIDE)
    checks.holds("and fits on a narrow page", not wide, wide)
    chromium.shape(1280, "light")


def undisturbed(checks, chromium, farm):
    """Who is at something stays there while the page is renewed."""
    chromium.open("/console")
    chromium.do("""window.old = document.getElementById("main");
        [...document.querySelectorAll("main td a")].at(-1).focus();""")
    before = chromium.do("return document.activeElement.href")
    farm.git("branch", "-f", "stable/1.0", "main")
    new = chromium.awaits(60, lambda: chromium.do("return document.getElementById('main') !== window.old"))
    now = chromium.do("return document.activeElement.href")
    checks.holds("a page that is renewed leaves the keyboard where it was", new and now == before, [new, before, now])


def without_scripts(checks, chromium, red):
    chromium.scripts(False)
    try:
        for path, words in {"/": "Branches", "/console": "Commit", f"/runs/{red}": BAD_TEST,
                            f"/runs/{red}/log/{CELL}": "AssertionError", "/queue": "Ended"}.items():
            chromium.open(path)
            checks.holds(f"without scripts {path} says all it has to", words in chromium.text("main"))
        chromium.open("/runs")
        chromium.click("select[name=outcome] option:nth-child(3)")
        chromium.click(".filter button")
        checks.holds("without scripts runs are filtered", "outcome=failed" in chromium.driver.current_url
                     and red in chromium.text("main"))
        chromium.open("/act/pause?what=main")
        chromium.click("main button")
        checks.holds("without scripts something is done",
                     chromium.awaits(10, lambda: "Paused" in chromium.text("main")))
        chromium.open("/act/resume?what=main")
        chromium.click("main button")
        checks.holds("and undone", chromium.awaits(
            10, lambda: "/queue" in chromium.driver.current_url and "Paused" not in chromium.text("main")))
    finally:
        chromium.scripts(True)


def logging_out(checks, chromium):
    chromium.open("/")
    before = chromium.driver.get_cookie("djbuild")
    chromium.click(".who button")
    checks.holds("who logs out is out", chromium.awaits(10, lambda: "Log in" in chromium.text(".who")))
    chromium.driver.add_cookie({"name": "djbuild", "value": before["value"]})
    chromium.open("/queue")
    checks.holds("and the old session is worth nothing", "Log in" in chromium.text(".who"))
    chromium.driver.delete_all_cookies()
    for _ in range(8):
        said = refused(chromium, "not-this-one")
    checks.holds("who guesses has to wait, and reads how long", "s" in said and any(c.isdigit() for c in said), said)
    refused(chromium, PASSWORD)
    checks.holds("even with the right password", bool(chromium.all("[role=alert]")))


def main():
    djbuild = Path(sys.argv[1] if len(sys.argv) > 1 else PROJECT / "target/debug/djbuild").resolve()
    axe = next(HOME.glob("lib/python*/site-packages/axe_playwright_python/axe.min.js")).read_text()
    checks = Checks()
    # Who is told to end leaves no farm and no browser behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="djbuild-browser.", ignore_cleanup_errors=True) as folder:
        farm, chromium = Farm(djbuild, Path(folder)), None
        try:
            farm.commit("6.1", GOOD, "Fixed #36001 -- Began <script>alert(1)</script>, as one does.")
            farm.start()
            chromium = Chromium(farm.address, axe, PICTURES)
            green = farm.awaits("passed")
            farm.commit("6.1.1", BROKEN, "Refs #36002 -- " + "A subject that is far too long. " * 6)
            red = farm.awaits("failed")
            first_screen(checks, chromium)
            logging_in(checks, chromium)
            every_page(checks, chromium, red, green)
            forged(checks, chromium, farm)
            by_keys(checks, chromium, red)
            without_scripts(checks, chromium, red)
            living(checks, chromium, farm)
            undisturbed(checks, chromium, farm)
            doing(checks, chromium, farm)
            farm.commit("6.1.1", SLOW, "A test that takes its time")
            stopping(checks, chromium, farm)
            logging_out(checks, chromium)
        finally:
            if chromium:
                chromium.driver.quit()
            farm.stop()
            print(farm.log()) if checks.failed else None
    print(f"{checks.passed} passed, {len(checks.failed)} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    prepare()
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from browser.chromium import Chromium
    from browser.farm import BROKEN, GOOD, PASSWORD, SLOW, Farm

    main()
