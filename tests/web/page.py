"""What a visitor does on the page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")
PATIENCE = 240  # seconds, of a busy machine


class Page:
    """The page in a browser.

    Args:
        chrome: The browser, which may come from another visit.
        address: Where the page is.
        downloads: Where files land.
    """

    def __init__(self, chrome: webdriver.Chrome, address: str, downloads: Path) -> None:
        self.chrome, self.address, self.downloads = chrome, address, downloads

    def visit(
        self, *, width: int = 1280, height: int = 800, dark: bool = False, language: str = "en"
    ) -> None:
        """Come for the first time."""
        self.cdp("Storage.clearDataForOrigin", origin=self.address, storageTypes="all")
        agent = self.chrome.execute_script("return navigator.userAgent")
        self.cdp("Network.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", features=[scheme])
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        self.chrome.get(self.address)
        self.wait(lambda: self.all("h2"))

    def cdp(self, command: str, **arguments: Any) -> Any:
        return self.chrome.execute_cdp_cmd(command, arguments)

    def one(self, selector: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.chrome.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """What stands there; nothing while there is no such element.

        Asked for in one go: the page draws itself anew at any time, and an element that was found
        may be gone when its text is asked for.
        """
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return str(self.chrome.execute_script(script, selector))

    def picture(self, selector: str) -> bytes:
        """How it looks, as PNG."""
        return self.wait(lambda: self.one(selector).screenshot_as_png)

    def press(self, selector: str) -> None:
        """Click, once the element is there, enabled and uncovered."""

        def pressed() -> bool:
            element = self.one(selector)
            if element.is_enabled():
                element.click()
                return True
            return False

        self.wait(pressed)

    def wait(self, until: Callable[[], T]) -> T:
        redrawn = (StaleElementReferenceException, ElementClickInterceptedException)
        waiting = WebDriverWait(self.chrome, PATIENCE, 0.1, ignored_exceptions=redrawn)
        return waiting.until(lambda _: until())

    def choose(self, *files: Path) -> None:
        """By the browser's dialog for files."""
        self.one("input[type=file]:not([capture])").send_keys("\n".join(str(f) for f in files))

    def drop(self, file: Path) -> None:
        """From the desktop onto the middle of the page."""
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.cdp("Input.dispatchDragEvent", type=kind, x=600, y=400, data=data)

    def reload(self) -> None:
        """Come again, with all that the browser has kept."""
        self.chrome.refresh()
        self.wait(lambda: self.all("h2"))

    def wait_for_server(self) -> None:
        """Until the server is the engine."""
        self.wait(lambda: "go to" in self.text(".private"))

    def phases(self) -> list[str]:
        """``waiting``, ``running``, ``done``, ``stopped`` or ``failed`` for each picture."""
        script = "return [...document.querySelectorAll('.strip li')].map((e) => e.dataset.phase)"
        return list(self.chrome.execute_script(script))

    def wait_done(self, count: int = 1) -> None:
        def ended() -> bool:
            phases = self.phases()
            return len(phases) == count and not {"waiting", "running"} & set(phases)

        self.wait(ended)
        assert self.phases() == ["done"] * count, self.text(".status")

    def set_range(self, selector: str, value: int) -> None:
        """As dragging its thumb does."""
        self.chrome.execute_script(
            "const range = document.querySelector(arguments[0]); range.value = arguments[1];"
            "range.dispatchEvent(new Event('input', {bubbles: true}))",
            selector, value,
        )  # fmt: skip

    def pick(self, name: str, value: str) -> None:
        """An option of a list."""
        self.press(f"select[name={name}] option[value={value}]")

    def download(self, button: str = ".download") -> Path:
        """Press a button and wait for its file."""
        before = set(self.downloads.iterdir())
        self.press(button)

        def arrived() -> list[Path]:
            new = set(self.downloads.iterdir()) - before
            return [path for path in new if not path.name.endswith((".crdownload", ".tmp"))
                    and not path.name.startswith(".")]  # fmt: skip

        (path,) = self.wait(arrived)
        time.sleep(0.1)  # it is renamed when it is whole
        return path

    def requests(self) -> list[str]:
        """Addresses that were asked for since the last call."""
        entries = [json.loads(entry["message"]) for entry in self.chrome.get_log("performance")]
        sent = [e["message"]["params"] for e in entries
                if e["message"]["method"] == "Network.requestWillBeSent"]  # fmt: skip
        return [params["request"]["url"] for params in sent]

    @contextmanager
    def pretending(self, **facts: int) -> Iterator[None]:
        """Visits in here are on a machine of which ``navigator`` says this."""
        source = "".join(
            f"Object.defineProperty(navigator, {name!r}, {{get: () => {value}}});"
            for name, value in facts.items()
        )
        added = self.cdp("Page.addScriptToEvaluateOnNewDocument", source=source)
        yield
        self.cdp("Page.removeScriptToEvaluateOnNewDocument", **added)
