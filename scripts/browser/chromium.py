"""A Chromium without a window, and what is asked of it."""

import base64
import json
import time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }).then((found) =>
  done(found.violations.map((one) =>
    one.id + ": " + one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", "))));
"""

# What has no room: the page itself, or something that is cut off at the window's edge.
TOO_WIDE = """
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= width) return [];
return [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > width + 1 && !one.closest(".scroll, pre"))
  .slice(0, 4).map((one) => one.tagName + "." + one.className + " " +
    Math.round(one.getBoundingClientRect().right) + " of " + width);
"""

REACH = """
const all = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((one) => one.type !== "hidden" && one.getClientRects().length > 0 &&
    !one.closest("details:not([open]) > :not(summary)"));
"""
REACHABLE = REACH + "return all.map((one) => one.outerHTML.slice(0, 90));"

# Where the keyboard is, and whether that is seen: in the window, and marked by an outline.
FOCUSED = REACH + """
const one = document.activeElement;
if (!one || one === document.body) return null;
const box = one.getBoundingClientRect(), style = getComputedStyle(one);
const isMarked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
const isInside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
return [all.indexOf(one), isMarked && isInside, one.outerHTML.slice(0, 90)];
"""


class Chromium:
    """One window."""

    TOO_WIDE, REACHABLE, FOCUSED = TOO_WIDE, REACHABLE, FOCUSED

    def __init__(self, address, axe, pictures):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en"]:
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        service = webdriver.ChromeService(executable_path="/usr/bin/chromedriver")
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(60)
        self.driver.set_script_timeout(60)
        self.address, self.axe, self.pictures = address, axe, pictures
        # A window that nobody has clicked into shows no focus.
        self.driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
        self.shape(1280, "light")

    def shape(self, width, scheme, motion="no-preference"):
        """A window of this width, for somebody who likes it light or dark, lively or still."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion}]})

    def scripts(self, may_run):
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not may_run})

    def open(self, path):
        self.driver.get(self.address + path)

    def do(self, script, *words):
        return self.driver.execute_script(script, *words)

    def at(self, selector, act):
        """Does something with an element, again where it was exchanged meanwhile."""
        for _ in range(20):
            try:
                return act(self.driver.find_element(By.CSS_SELECTOR, selector))
            except StaleElementReferenceException:
                continue
        raise SystemExit(f"{selector} does not stand still")

    def text(self, selector="body"):
        return self.at(selector, lambda one: one.text)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        self.at(selector, lambda one: one.click())

    def type(self, selector, words):
        self.at(selector, lambda field: (field.clear(), field.send_keys(words)))

    def press(self, *keys):
        chain = ActionChains(self.driver)
        for key in keys:
            chain = chain.send_keys(getattr(Keys, key, key))
        chain.perform()

    def awaits(self, seconds, holds):
        """Whether it comes to hold in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if holds():
                    return True
            except Exception:  # noqa: BLE001: the page may be exchanged while it is read
                pass
            time.sleep(0.2)
        return False

    def picture(self, name):
        """The whole page, as far down as anybody looks."""
        size = self.do("return [innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 2400), "scale": 1}
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "clip": clip, "captureBeyondViewport": True})
        (self.pictures / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))

    def findings(self):
        """What axe finds against the guidelines."""
        self.do(self.axe)
        return self.driver.execute_async_script(AXE)

    def complaints(self):
        """What the console has, except that a page is not there when none was expected."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        return [one for one in said if "Failed to load resource" not in one]

    def strangers(self):
        """What was asked of anybody else."""
        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        own = (self.address + "/", "data:", "about:", "chrome:")
        return [url for url in urls if not url.startswith(own)]
