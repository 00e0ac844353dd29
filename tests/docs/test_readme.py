"""The README, in both languages: its example runs, its figures are the cards', nothing differs."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from benchmarks import readme

from derain.zoo import load_model
from tests.docs.markdown import DOORS, ROOT, blocks, commands, links, prose, rows

ENGLISH, JAPANESE = DOORS


def test_the_example_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks(ENGLISH, "python")
    monkeypatch.chdir(ROOT)
    exec(compile(code.text, "README.md", "exec"), {})
    assert capsys.readouterr().out == "(640, 427) (427, 640, 3)\n"


def test_the_first_command_and_the_test_line() -> None:
    """What a newcomer copies first, and the line that .ci/run takes."""
    assert commands(ENGLISH)[0] == "pip install . && derain examples/rainy.jpg"
    line = "pip install -c constraints.txt -e '.[dev]' && python -m pytest"
    assert ENGLISH.read_text(encoding="utf-8").splitlines().count(line) == 1


def test_both_languages_hold_the_same() -> None:
    assert commands(ENGLISH) == commands(JAPANESE)
    examples = [blocks(path, "python") for path in DOORS]
    assert [_statements(block.text) for block in examples[0]] == [
        _statements(block.text) for block in examples[1]
    ]
    other = {"README.ja.md": "README.md"}
    assert [other.get(target, target) for target in links(ENGLISH)] == links(JAPANESE)
    figures = [Counter(re.findall(r"\d+(?:\.\d+)*", prose(path))) for path in DOORS]
    assert figures[0] == figures[1]
    code = [Counter(re.findall(r"`[^`\n]+`", prose(path))) for path in DOORS]
    assert code[0] == code[1]
    english, japanese = (path.read_text(encoding="utf-8").splitlines() for path in DOORS)
    assert len(english) == len(japanese)


def _statements(code: str) -> list[str]:
    return [re.sub(r"\s*#.*", "", line) for line in code.splitlines()]


@pytest.mark.parametrize("path", DOORS, ids=lambda p: p.name)
def test_scores_are_the_cards(path: Path) -> None:
    """The table beside the peers: parameters, cost, n, input and result of both models."""
    table = [row for row in rows(path) if len(row) == 6]
    count, before = table[2], table[3]
    shown = {row[0].strip("`"): row for row in table if row[0] in ("`base`", "`fast`")}
    assert set(shown) == {"base", "fast"}
    columns = {3: ("rain800", "rgb"), 4: ("rain100L", "matlab-y"), 5: ("rain-free", "matlab-y")}
    for name, row in shown.items():
        card = load_model(name).card
        assert row[1] == f"{card.parameters / 1e6:.2f} M"
        assert row[2] == f"{card.mmac_per_pixel * 256**2 / 1000:.1f}"
        for column, (source, protocol) in columns.items():
            scores = card.scores[source]
            assert row[column] == f"{scores[f'psnr/{protocol}']:.2f}"
            assert count[column] == f"{scores['n']:.0f}"
            if source != "rain-free":
                assert before[column] == f"{scores[f'input/{protocol}']:.2f}"


@pytest.mark.parametrize("path", DOORS, ids=lambda p: p.name)
def test_seconds_are_the_benchmarks(path: Path) -> None:
    measured = json.loads((ROOT / "benchmarks" / "speed.json").read_text())["runs"]
    table = [row for row in rows(path) if len(row) == 5]
    assert [cell.strip("`") for cell in table[0][3:]] == ["fast", "base"]
    for row, engine in zip(table[2:4], ("onnxruntime", "openvino"), strict=True):
        seconds = [
            run["seconds"]
            for model in ("fast", "base")
            for run in measured
            if run["model"] == model
            and run["backend"].startswith(engine)
            and round(run["megapixels"]) == 12
        ]
        assert row[3:] == [f"{value:.1f} s" for value in seconds]


def test_the_command_that_writes_the_figures_finds_them_all() -> None:
    """And has nothing to change: what stands there is what was measured last."""
    for path in DOORS:
        text = path.read_text(encoding="utf-8")
        assert readme.with_seconds(readme.with_scores(text), 1) == text
        wrong = re.sub(r"(`(?:fast|base)` \|) [\d.]+ M", r"\1 9.99 M", text)
        wrong = re.sub(r"[\d.]+ s \|", "0.1 s |", wrong)
        assert wrong.count("9.99") == wrong.count("0.1 s |") - 2 == 2
        assert readme.with_seconds(readme.with_scores(wrong), 1) == text
    text = readme.FIRST_STEPS.read_text(encoding="utf-8")
    assert readme.with_seconds(text, 0) == text
