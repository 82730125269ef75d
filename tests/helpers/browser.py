"""A real browser without a window, for the tests of pages."""

import base64
import json
import os
import shutil
import time
from contextlib import contextmanager

import numpy as np
import pytest

HAS_BROWSER = shutil.which("chromium") and shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(not HAS_BROWSER, reason="chromium and chromedriver are not installed")
OPTIONS = ("--headless=new", "--disable-gpu", "--disable-background-networking", "--window-size=1280,1800")


class Page:
    """A page in a browser."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path, **address):
        """Open the page of a file, with what its address chooses, and wait until it is shown."""
        from urllib.parse import urlencode

        self.driver.get("about:blank")
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)
        self.driver.get(path.as_uri() + (f"#{urlencode(address)}" if address else ""))
        self.wait()
        return self

    def wait(self, expression="document.body.dataset.ready === 'true'", seconds=10):
        end = time.monotonic() + seconds
        while not self.run(f"return {expression}"):
            assert time.monotonic() < end, f"not within {seconds} s: {expression}; {self.errors()}"
            time.sleep(0.02)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def choose(self, picker, value):
        """Choose a value of a picker as a person does, and wait until it is shown."""
        self.run(
            "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
            "for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true}))",
            picker,
            value,
        )
        self.wait()

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)

    def attributes(self, selector, name):
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.getAttribute(arguments[1]))"
        return self.run(script, selector, name)

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Return the addresses of all requests since the page was opened, but for data in the page itself."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        addresses = [event["request"]["url"].partition("#")[0] for event in sent]
        return [address for address in addresses if not address.startswith(("data:", "blob:"))]


@contextmanager
def browser():
    """Start a browser, and yield a Page."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for option in (*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield Page(driver)
    finally:
        driver.quit()


def pixels(page, tile):
    """The pixels of a canvas as an array (height, width, 3)."""
    script = """
        const c = document.querySelector(`canvas[data-tile="${arguments[0]}"]`);
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        return [c.width, btoa(String.fromCharCode(...d))]"""
    size, text = page.run(script, tile)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(size, size, 4)[..., :3]
