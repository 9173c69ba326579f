"""A real Chromium without a window, driven over the WebDriver protocol (https://www.w3.org/TR/webdriver2/)."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import httpx

from tests.conftest import give_up

CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))
SECONDS = 30.0  # far more than any page takes on a busy machine
PHONE = (390, 844)
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


Json: TypeAlias = Any
"""What a page answers; each test knows what it asked for."""


class Looked(NamedTuple):
    """What a page asked for since the last look, and what it complained of."""

    requests: list[str]
    complaints: list[str]


class Browser:
    """One window of it."""

    def __init__(self, driver: httpx.Client, session: str) -> None:
        self._driver = driver
        self._session = session

    def open(self, url: str) -> None:
        """Open a page and wait until it and its scripts are loaded."""
        self._ask("url", url=url)

    def says(self, script: str, *arguments: object) -> Json:
        """What a script gives that runs in the page."""
        return self._ask("execute/sync", script=script, args=list(arguments))

    def waits(self, script: str) -> Json:
        """What an expression gives as soon as it is true; a failure where it never is."""
        wait = (
            "const done = arguments[0]; const look = () => { const seen = (" + script + ");"
            " if (seen) done(seen); else requestAnimationFrame(look); }; look();"
        )
        return self._ask("execute/async", script=wait, args=[])

    def looked(self) -> Looked:
        """Every address asked for and every error of the console since the last call."""
        events = [json.loads(each["message"])["message"] for each in self._ask("se/log", type="performance")]
        asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
        complaints = [each["message"] for each in self._ask("se/log", type="browser") if each["level"] == "SEVERE"]
        return Looked(asked, complaints)

    def picture(self, path: Path) -> None:
        """Write what is seen as a PNG."""
        path.write_bytes(base64.b64decode(self._ask("screenshot")))

    def _ask(self, command: str, **body: object) -> Json:
        path = f"/session/{self._session}/{command}"
        answer = self._driver.get(path) if command == "screenshot" else self._driver.post(path, json=body)
        value = answer.json()["value"]
        assert answer.status_code == httpx.codes.OK, value
        return value


@contextmanager
def chromium(size: tuple[int, int] = (1280, 900)) -> Iterator[Browser]:
    """A browser of that size in pixels, a phone where it is PHONE; without one the test is skipped, in CI it fails."""
    if not (CHROMIUM and DRIVER):
        give_up("no chromium and chromedriver on this machine: apt install chromium chromium-driver")
    options: dict[str, object] = {"binary": CHROMIUM, "args": [*ARGUMENTS, f"--window-size={size[0]},{size[1]}"]}
    if size == PHONE:
        metrics = {"width": size[0], "height": size[1], "pixelRatio": 2, "mobile": True}
        options["mobileEmulation"] = {"deviceMetrics": metrics}
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        "timeouts": {"script": int(1000 * SECONDS), "pageLoad": int(1000 * SECONDS)},
    }
    with _driver() as driver:
        answer = driver.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()["value"]
        assert "sessionId" in answer, answer
        try:
            yield Browser(driver, answer["sessionId"])
        finally:
            driver.delete(f"/session/{answer['sessionId']}")


@contextmanager
def _driver() -> Iterator[httpx.Client]:
    with subprocess.Popen([str(DRIVER), "--port=0"], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout
        port = next(found[1] for line in process.stdout if (found := re.search(r"successfully on port (\d+)", line)))
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS, trust_env=False) as client:
                yield client
        finally:
            process.terminate()
