"""The built page on a local host, and Debian's chromium to visit it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
from selenium import webdriver

from tests.serve.conftest import Serving, serving  # noqa: F401 - a fixture
from tests.web.host import Host
from tests.web.page import Page

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src" / "derain" / "serve" / "page"

Served = Callable[..., AbstractContextManager[tuple[httpx.Client, Page]]]


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the page's files."""
    if not (BUILT / "index.html").is_file():
        _skip("the page is not built: just page")
    return BUILT


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which finds what keeps people from using a page."""
    source = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        _skip("axe-core is not installed: npm --prefix web ci")
    return source.read_text(encoding="utf-8")


@pytest.fixture
def host(built: Path) -> Iterator[Host]:
    with Host(built) as host:
        yield host


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    binary, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if not (binary and driver):
        _skip("needs a browser: apt-get install chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):  # fmt: skip
        options.add_argument(flag)
    downloads = tmp_path_factory.mktemp("downloads")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    chrome.downloads = downloads
    yield chrome
    chrome.quit()


@pytest.fixture
def page(host: Host, chromium: webdriver.Chrome) -> Page:
    """The page as at a first visit, in English, light, 1280x800."""
    page = Page(chromium, host.address, chromium.downloads)
    page.visit()
    return page


@pytest.fixture
def served(
    built: Path,
    serving: Serving,  # noqa: F811
    chromium: webdriver.Chrome,
) -> Served:
    """Starts a server with these settings, and visits its page; gives a client and the page."""

    @contextmanager
    def started(**settings: object) -> Iterator[tuple[httpx.Client, Page]]:
        with serving(**settings) as client:
            page = Page(chromium, str(client.base_url).rstrip("/"), chromium.downloads)
            page.visit()
            yield client, page

    return started


def _skip(reason: str) -> None:
    assert "DERAIN_NEED_BROWSER" not in os.environ, reason
    pytest.skip(reason)
