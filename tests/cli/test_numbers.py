"""Numbers of the command line: whole, and of a size that can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from derain.cli.main import run

LONG = "9" * 30


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bank", "o.bank", "--layers", "1.9"], '"1.9" is no whole number'),
        (["bank", "o.bank", "--seed", LONG], f"{LONG} is too large a number"),
        (["bank", "o.bank", "--preset", "light", "--side", "1000000"], "of 32 to 8192 px"),
        (["synthesize", "in", "out", "--copies", "1.9"], '"1.9" is no whole number'),
        (["evidence", "o", "in", "--clips", "2.5"], '"2.5" is no whole number'),
        (["evidence", "o", "in", "--clips", LONG], f"{LONG} is too large a number"),
        (["evidence", "o", "in", "--seed", "-1"], "--seed must be at least 0, not -1"),
        (["evaluate", "input", "--data", "a=in", "--limit", "2.5"], '"2.5" is no whole number'),
        (["a.png", "--memory", LONG], f"{LONG} is too large a number"),
    ],
)
def test_what_is_no_fit_number_is_told(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) != 0
    said = capsys.readouterr().err
    assert told in said and "internal" not in said
    assert not list(tmp_path.iterdir())
