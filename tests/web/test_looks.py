"""For everybody: languages, narrow windows, contrast, names for screen readers; and screenshots.

``DERAIN_SCREENSHOTS=docs/images python -m pytest -n 0 tests/web/test_looks.py`` makes those of the
documentation.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from selenium.webdriver.support.select import Select

from tests.web.conftest import ROOT
from tests.web.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone]

EXAMPLE = ROOT / "examples" / "rainy.jpg"


def violations(page: Page, axe: str) -> list[Any]:
    page.chrome.execute_script(axe)
    found = page.chrome.execute_async_script(
        """
        const done = arguments[0];
        axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                                     "best-practice"]})
            .then((result) => done(result.violations), (error) => done([String(error)]));
        """
    )
    return [
        (v["id"], [n["html"][:120] for n in v["nodes"]]) if isinstance(v, dict) else v
        for v in found
    ]


def extent(page: Page) -> int:
    """How wide what can be seen by scrolling is; a phone's browser widens its window for it."""
    script = "return Math.max(innerWidth, document.documentElement.scrollWidth)"
    return int(page.chrome.execute_script(script))


def screenshot(page: Page, name: str, tmp_path: Path) -> None:
    folder = Path(os.environ.get("DERAIN_SCREENSHOTS", tmp_path))
    with Image.open(BytesIO(page.chrome.get_screenshot_as_png())) as image:
        image.convert("RGB").save(folder / f"{name}.jpg", quality=85)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
def test_looks(page: Page, axe: str, tmp_path: Path, width: int, height: int, dark: bool) -> None:
    page.visit(width=width, height=height, dark=dark)
    assert violations(page, axe) == []
    assert extent(page) == width
    page.press("button.example")
    page.wait(lambda: page.all(".status progress"))
    assert violations(page, axe) == []
    page.wait_done()
    for view in ("difference", "rain", "clean"):
        page.chrome.execute_script(f"document.querySelector('input[value={view}]').click()")
        assert violations(page, axe) == []
    assert extent(page) == width
    if name := {(1280, False): "page", (360, True): "page-phone"}.get((width, dark)):
        screenshot(page, name, tmp_path)


@pytest.mark.parametrize(
    ("language", "title", "choose", "save"),
    [
        ("de-AT", "nimmt den Regen", "Bilder auswählen", "Herunterladen"),
        ("ja", "雨を取り除く", "画像を選ぶ", "ダウンロード"),
        ("fr", "takes the rain", "Choose pictures", "Download"),
    ],
)
def test_languages(page: Page, language: str, title: str, choose: str, save: str) -> None:
    page.visit(language=language, width=360)
    page.wait(lambda: title in page.chrome.title)
    assert page.text(".choices .primary") == choose
    page.choose(EXAMPLE)
    page.wait(lambda: page.all(".download"))
    assert page.text(".download") == save
    assert extent(page) == 360


def test_another_language_stays(page: Page) -> None:
    Select(page.one(".languages")).select_by_value("ja")
    page.wait(lambda: "雨" in page.text("h2"))
    assert page.one("html").get_attribute("lang") == "ja"
    page.chrome.refresh()
    page.wait(lambda: page.all("h2") and "雨" in page.text("h2"))
