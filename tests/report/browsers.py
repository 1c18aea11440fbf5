"""A headless Chromium for the tests of the page, and what they ask it."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from skbayes.optimizer import Run, Trial

# As Debian, other distributions and macOS call it.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # of no use to pages of our own, and refused to root
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container has little of it
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,1000",
)
# Seconds that a page may take on a slow machine with others at work; what is awaited comes much sooner.
PATIENCE = 60


def programs() -> tuple[str, str] | None:
    """Return browser and driver, if both are installed."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return None if browser is None or driver is None else (browser, driver)


@contextmanager
def opened_browser() -> Iterator[Any]:
    """Open a browser; without one skip, but in CI fail."""
    found = programs()
    if found is None:
        reason = (
            "Chromium and its driver are not installed: apt-get install chromium chromium-driver"
        )
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location, path_of_driver = found
    for option in _OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options.add_argument(f"--user-data-dir={profile}")
        service = webdriver.ChromeService(executable_path=path_of_driver)
        # The driver is on this machine, and no proxy of the environment leads there.
        with patch.dict(os.environ, {"no_proxy": "localhost", "NO_PROXY": "localhost"}):
            browser = webdriver.Chrome(options=options, service=service)
        try:
            yield browser
        finally:
            browser.quit()


def complaints(browser: Any) -> list[str]:
    """Return what the console says since it was last asked."""
    return [f"{entry['level']}: {entry['message']}" for entry in browser.get_log("browser")]


def requests(browser: Any) -> list[str]:
    """Return the addresses that were asked for since this was last called, without those inside the page."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    asked = (
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    )
    return [address for address in asked if not address.startswith(("data:", "blob:"))]


def state(browser: Any) -> dict[str, Any]:
    """Return what the table shows."""
    return browser.execute_script("return window.skbayes.state()")


def wait_until(browser: Any, condition: Any) -> Any:
    """Wait until a function of the browser returns something true, and return that."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, PATIENCE, poll_frequency=0.05).until(condition)


def open_page(browser: Any, address: str) -> None:
    """Open a page that the browser has not seen."""
    browser.get("about:blank")
    complaints(browser)
    requests(browser)
    browser.get(address)
    wait_until(browser, lambda b: b.execute_script("return Boolean(window.skbayes)"))


def find(page: Any, css: str) -> Any:
    return page.find_element("css selector", css)


def type_into(page: Any, css: str, text: str) -> None:
    """Type, and wait until the table follows: it does so when the reader pauses."""
    field = find(page, css)
    field.clear()
    field.send_keys(text)
    page.execute_async_script("setTimeout(arguments[arguments.length - 1], 300)")


def rows(page: Any) -> list[int]:
    """Return the rows of the table that pass the filters, in their order."""
    return state(page)["rows"]


def run(fold: int, started: float, worker: str, status: str = "complete") -> Run:
    return Run(fold, started, fit_time=5.0, score_time=1.0, worker=worker, status=status)


def trials(n: int) -> tuple[Trial, ...]:
    """Candidates of all kinds: every status, no score, an inactive parameter, choices that are objects."""
    rng = np.random.default_rng(0)
    found = []
    for k in range(n):
        kernel = ["rbf", "linear", "poly", None][k % 4]
        params = {"C": float(10 ** rng.uniform(-3, 3)), "kernel": kernel, "shrinking": bool(k % 3)}
        if kernel == "poly":
            params["degree"] = 2 + k % 9
        status = {7: "failed", 11: "timeout", 13: "memory"}.get(
            k, "pruned" if k % 10 == 9 else "complete"
        )
        folds = tuple((0.7 + 0.25 * rng.random(3)).tolist())
        score = float(np.mean(folds)) if status == "complete" else float("nan")
        runs = tuple(run(f, 1e9 + 10 * (3 * k + f), f"host:{f}:1", status) for f in range(3))
        found.append(
            Trial(k, params, score, status=status, fold_scores=folds, fit_time=5.0, runs=runs)
        )
    return tuple(found)
