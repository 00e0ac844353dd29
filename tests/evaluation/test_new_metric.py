"""A metric that is registered, and nothing else done, is in records, tables, plots and checks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from derain.evaluation import (
    Results,
    compare,
    open_testset,
    read_entries,
    summarise,
    verify,
    write_report,
)
from derain.evaluation.report.cases import choose_cases
from derain.evaluation.report.tables import score_tables
from derain.metrics import METRICS, PSNR, Metric, Scorer
from derain.zoo import load_model

ERROR = Metric(
    name="error",
    help="Mean absolute error.",
    better={"pairs": "lower", "rain-free": "lower"},
    compute=lambda s: float(np.abs(s.restored.astype(float) - s.truth).mean()),
    unit="levels",
    digits=1,
    tolerance=0.2,
    best=0.0,
    ranks=frozenset({"rain-free"}),
    plots=frozenset({"rain-free"}),
)


def run() -> Results:
    sets = [open_testset("s=pairs", "pairs"), open_testset("d=dry", "rain-free")]
    sets.append(open_testset("r=real", "real"))
    return compare(read_entries(["callables:darker"]), sets, Scorer(["rgb"]), Path("out"))


@pytest.fixture
def results(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    run()
    monkeypatch.setitem(METRICS, "error", ERROR)
    # The one that ranked and was plotted before.
    monkeypatch.setitem(
        METRICS, "psnr", dataclasses.replace(PSNR, ranks=frozenset(), plots=frozenset())
    )
    return run()


def test_a_new_metric_is_everywhere(results: Results) -> None:
    """Records made without it are made again; where it is not defined nothing is."""
    lines = [json.loads(line) for line in Path("out/records.jsonl").read_text().splitlines()]
    with_it = ["error.1" in line["scored"].split() for line in lines]
    assert with_it.count(True) == 8 and with_it.count(False) == 12
    rows = summarise(results)
    pairs, dry, real = score_tables(rows)
    assert "error (levels)" in pairs.head and "error (levels)" in dry.head
    assert "error (levels)" not in real.head
    mean = rows[1].scores["error"]
    column = dry.rows[0][dry.head.index("error (levels)")]
    assert column == f"{mean.value:.1f} [{mean.low:.1f}, {mean.high:.1f}]"

    # Cases: the worst has the largest error.
    errors = {r.name: r.scores["error"] for r in results.records if r.dataset == "d"}
    worst, best = (case.title for case in choose_cases(results) if " on d:" in case.title)
    assert f"worst, {max(errors, key=errors.__getitem__)} (error" in worst
    assert f"best, {min(errors, key=errors.__getitem__)} (error" in best

    card = load_model("fast").card
    for claimed, holds in ((mean.value + 0.15, True), (mean.value + 0.25, False)):
        scores = {"d": {"n": 4, "error": claimed}}
        verdicts = verify(dataclasses.replace(card, scores=scores), [rows[1]])
        assert [v.holds for v in verdicts if v.score == "error"] == [holds]

    page = write_report(results, rows, ("rgb",), "derain evaluate")[0].read_text()
    assert ">error</text>" in page  # the axis of the box plot
