"""The command and its report, the page in a real browser (Debian's chromium, headless)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def derain(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "derain", *arguments],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip


EVERYTHING = (
    "evaluate", "input", "fast", "callables:darker", "callables:picky", "--data", "rain800=pairs",
    "--rain-free", "dry=dry", "--real", "real=real", "--backend", "onnxruntime", "--protocol",
    "matlab-y", "--protocol", "did-y", "--extra", "uqi", "--out", "report",
)  # fmt: skip


@pytest.fixture
def report(workplace: Path) -> Path:
    """The folder of a whole report; one method fails on some pictures."""
    done = derain(*EVERYTHING)
    assert done.returncode == 1, done.stderr
    assert "too bright" in done.stderr
    return workplace / "report"


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if not (chromium and driver):
        assert "DERAIN_NEED_BROWSER" not in os.environ, "no chromium or chromedriver"
        pytest.skip("needs a browser: apt-get install chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    # Every name but local files is refused: a page that asked for one would show it.
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900",
                 "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.mark.browser
def test_the_three_reports(report: Path, browser: webdriver.Chrome) -> None:
    """One run for all of it, since it takes seconds to make."""
    values = json.loads((report / "report.json").read_text())
    rows = {(row["dataset"], row["model"]): row for row in values["rows"]}
    gain = rows["rain800", "fast"]["scores"]["gain/matlab-y"]
    assert gain["low"] <= gain["value"] <= gain["high"]
    assert gain["n"] == 4
    assert {"psnr/did-y", "ssim/did-y", "extra/uqi"} <= set(rows["rain800", "fast"]["scores"])
    assert rows["rain800", "callables.picky"]["failed"] > 0

    text = (report / "report.md").read_text()
    assert f"{gain['value']:+.2f} [{gain['low']:+.2f}, {gain['high']:+.2f}]" in text
    assert "## Failures" in text
    assert "too bright" in text
    assert "Across domains" in text

    html = (report / "report.html").read_text()
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", html)
    assert "@import" not in html

    browser.get((report / "report.html").as_uri())
    pictures = browser.find_elements(By.TAG_NAME, "img")
    assert len(pictures) > 12
    for picture in pictures:
        assert browser.execute_script(
            "return arguments[0].complete && arguments[0].naturalWidth > 0", picture
        )
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg")) == 3
    assert len(browser.find_elements(By.CSS_SELECTOR, "table")) == 4

    slider = browser.find_element(By.CSS_SELECTOR, ".slider")
    after = slider.find_element(By.CSS_SELECTOR, ".after")
    knob = slider.find_element(By.TAG_NAME, "input")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", slider)

    def shown() -> float:
        clip = after.value_of_css_property("clip-path")
        return float(re.findall(r"([\d.]+)%", clip)[-1])

    assert shown() == 50
    seen = slider.screenshot_as_png
    width = slider.rect["width"]
    mouse = webdriver.ActionChains(browser)
    mouse.move_to_element_with_offset(knob, 0, 0).click_and_hold()
    mouse.move_by_offset(round(-width * 0.3), 0).release().perform()
    assert 10 < shown() < 30
    assert slider.screenshot_as_png != seen
    for _ in range(100):
        knob.send_keys(Keys.ARROW_RIGHT)
    assert shown() == 100
    line = slider.find_element(By.CSS_SELECTOR, ".line")
    assert line.rect["x"] == pytest.approx(slider.rect["x"] + width, abs=2)
    assert [m for m in browser.get_log("browser") if m["level"] == "SEVERE"] == []


def test_the_command_verifies_cards(workplace: Path) -> None:
    none = derain("evaluate", "fast", "--data", "x=pairs", "--verify", "--backend", "onnxruntime")
    assert none.returncode == 17
    assert "no model here has a card with scores" in none.stderr
    other = derain(
        "evaluate", "fast", "--data", "rain800=pairs", "--verify", "--backend", "onnxruntime"
    )
    assert other.returncode == 17
    assert "DIFFERS" in other.stdout
    nothing = derain(
        "evaluate", "fast", "--data", "rain800=pairs", "--verify", "--backend", "onnxruntime",
        "--protocol", "full-y",
    )  # fmt: skip
    assert nothing.returncode == 17
    assert "no score of the cards was computed" in nothing.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("evaluate",), 2, "MODELS requires"),
        (("evaluate", "input"), 2, "--data NAME=PATH"),
        (("evaluate", "input", "--data", "x=pairs", "--limit", "-1"), 2, "negative"),
        (("evaluate", "input", "--data", "x=empty"), 14, "no such folder"),
        (("evaluate", "input", "--real", "x=pairs", "--protocol", "y"), 2, "unknown protocol"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], code: int, message: str, workplace: Path) -> None:
    done = derain(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_is_not_measured_is_told(workplace: Path) -> None:
    """Pictures without a partner, and sets that a subset does not name."""
    (workplace / "pairs" / "clean" / "0.png").unlink()
    command = ["evaluate", "input", "--data", "Pairs=pairs", "-o", "out"]
    done = derain(*command)
    assert done.returncode == 0
    assert "Pairs: 1 pictures without a partner are left out, such as" in done.stderr
    Path("subset.json").write_text('{"pairs": ["1"]}')
    refused = derain(*command, "--subset", "subset.json")
    assert refused.returncode == 2
    assert "has no set 'Pairs'; name the set as it does: pairs" in refused.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are Linux's")
def test_hostile_names_are_shown_as_they_are(workplace: Path) -> None:
    """Names that are no text, mathematics to matplotlib, links and tags to Markdown."""
    pairs = workplace / "pairs"
    for folder in ("rainy", "clean"):
        (pairs / folder / "0.png").rename(pairs / folder / "\udcff.png")
        shutil.copy(pairs / folder / "1.png", pairs / folder / "<img src=x onerror=y>.png")
    (pairs / "rainy" / "<img src=x onerror=y>.png").write_bytes(b"no picture")
    done = derain(
        "evaluate", "$^$=input", "_hidden=input", "--data", "$^_$=pairs", "--out", "report"
    )
    assert done.returncode == 1, done.stderr  # one picture of each method failed
    assert "internal error" not in done.stderr
    text = (workplace / "report" / "report.md").read_text()
    assert r"\<img src=x onerror=y\>" in text
    assert not re.search(r"(?<!\\)<", text)
    page = (workplace / "report" / "report.html").read_text()
    assert "<img src=x" not in page
    assert page.count("$^$") >= 2
    assert "\u200b_hidden" in page  # in the legend, too
