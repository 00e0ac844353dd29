"""``derain evaluate``: methods side by side on the same pictures and clips."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from derain.cli.options import Whole
from derain.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from derain.evaluation import Entry, Row
    from derain.evaluation.report.tables import Table as Scores
    from derain.evaluation.testset import TestSet
    from derain.zoo import ModelCard


def evaluate(
    models: tuple[str, ...],
    /,
    *,
    data: tuple[str, ...] = (),
    rain_free: tuple[str, ...] = (),
    real: tuple[str, ...] = (),
    clips: tuple[str, ...] = (),
    protocol: tuple[str, ...] = ("matlab-y", "rgb"),
    extra: tuple[str, ...] = (),
    subset: Path | None = None,
    limit: Whole = 0,
    enlarge: Annotated[tuple[float, ...] | None, Parameter(consume_multiple=True)] = None,
    turn: Annotated[tuple[float, ...] | None, Parameter(consume_multiple=True)] = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("evaluation"),
    backend: str = "auto",
    ray: str | None = None,
    verify: bool = False,
) -> int:
    """Measure models side by side and write report.html, report.md and report.json.

    A run that was stopped goes on where it was; pictures that fail are told and are in no mean.

    Parameters
    ----------
    models
        Each: input (do nothing), base, fast, a card, or an ONNX or safetensors file beside its
        card, of ours; an ONNX file of anybody's, with what it does not tell behind a colon
        (FILE.onnx:nhwc,0-255); a folder of finished results; module:function; a .pth file that
        spandrel can load; or LABEL=MODEL. Clips are derained by time by models of ours, frame by
        frame by still:MODEL and by everybody else's.
    data
        Pairs as NAME=PATH; may be given several times. Folders are recognised as they were
        unpacked (derain data show NAME); PATH may be a table or hf:OWNER/NAME.
    rain_free
        Dry photographs as NAME=PATH: how much a photo without rain changes.
    real
        Real rain without ground truth as NAME=PATH.
    clips
        Clips with their truth as NAME=PATH: rainy/ and clean/ with video files or folders of
        frames of the same names, or a1_Rain beside a1_GT, as NTURain comes.
    protocol
        rgb, matlab-y, full-y or did-y; may be given several times.
    extra
        vif, uqi or ms-ssim, where torchmetrics is installed.
    subset
        JSON file {"NAME": ["picture", ...]}: only these pictures, such as configs/validation.json.
    limit
        At most this many pictures or clips of each set, spread evenly; 0 for all.
    enlarge
        Factors above 0, at most 8: pairs and dry photographs are also measured at these sizes, as
        sets of their own such as "rain800 x2". Name the models first.
    turn
        Degrees counter-clockwise: as --enlarge, for turned pictures without their corners, as
        "rain800 turned 45".
    out
        Folder for the report, the records and the restored pictures.
    backend
        What runs models of ours: auto, onnxruntime, openvino or torch.
    ray
        Do pictures side by side on a Ray cluster: its address, auto for the one this machine is
        part of, or local for one of this machine's own.
    verify
        Compare with the scores on the models' cards and fail where they differ.
    """
    from rich.console import Console

    from derain.cli.console import bar
    from derain.cluster import Cluster
    from derain.evaluation import (
        compare,
        gains_kept,
        make_views,
        open_testset,
        read_entries,
        read_subset,
        summarise,
        with_views,
        write_report,
    )
    from derain.evaluation.checks import check_folder, check_report
    from derain.evaluation.report.tables import NOUNS, clip_tables, kept_table, score_tables
    from derain.metrics import KINDS, Scorer

    if not (data or rain_free or real or clips):
        raise UsageError(
            "name what to measure on: --data NAME=PATH, --rain-free, --real or --clips"
        )
    if limit < 0:
        raise UsageError("limit must not be negative")
    for option, numbers in (("--enlarge", enlarge), ("--turn", turn)):
        if numbers == ():
            raise UsageError(f"{option}: give at least one number, as in {option} 2")
    views = make_views(enlarge or (), turn or ())
    protocol = tuple(dict.fromkeys(protocol))
    scorer = Scorer(protocol, extra)
    entries = read_entries(models)
    check_report()
    check_folder(out)
    cluster = Cluster(ray) if ray is not None else None
    only = read_subset(subset) if subset else {}
    for name in (named.partition("=")[0] for named in (*data, *rain_free)):
        if only and name not in only:
            raise UsageError(
                f"{subset}: has no set {name!r}; name the set as it does: {', '.join(only)}"
            )
    testsets = [
        open_testset(named, kind, only.get(named.partition("=")[0]), limit)
        for kind, names in zip(KINDS, (data, rain_free, real, clips), strict=True)
        for named in names
    ]
    testsets = with_views(testsets, views)
    if verify:
        _check_cards(entries, testsets)
    errors = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    for testset in (testset for testset in testsets if testset.unpaired):
        errors.print(
            f"derain: {testset.name}: {len(testset.unpaired)} {NOUNS[testset.kind]}s without a "
            f"partner are left out, such as {testset.unpaired[0]}"
        )
    if views:
        errors.print(_told(testsets))
    with bar("evaluating") as progress:
        results = compare(
            entries, testsets, scorer, out, backend, progress,
            lambda line: errors.print(f"derain: {line}"), cluster,
        )  # fmt: skip
    rows = summarise(results)
    # Wide tables are better wrapped by the terminal than cut by us.
    console = Console(width=400, soft_wrap=True, markup=False, highlight=False)
    kept = kept_table(gains_kept(results))
    for table in [*score_tables(rows), *clip_tables(results), *([kept] if kept else [])]:
        console.print(_shown(table))
    command = shlex.join(["derain", *sys.argv[1:]])
    for path in write_report(results, rows, protocol, command):
        console.print(str(path))
    if verify:
        _verify(entries, rows, console)
    return 1 if results.failures else 0


def _told(testsets: list[TestSet]) -> str:
    """A line on what is enlarged and turned, and what is not."""
    seen = ", ".join(testset.name for testset in testsets if testset.view)
    real = ", ".join(testset.name for testset in testsets if testset.kind == "real")
    clips = ", ".join(testset.name for testset in testsets if testset.kind == "clips")
    line = f"derain: also measured: {seen}"
    if real:
        line += f"; real rain has no ground truth and is measured as it is: {real}"
    return f"{line}; clips are measured as they are: {clips}" if clips else line


def _shown(table: Scores) -> Table:
    from rich.table import Table

    shown = Table(title=table.title, box=None, title_justify="left", pad_edge=False)
    for name in table.head:
        shown.add_column(name, no_wrap=True)
    for cells in table.rows:
        shown.add_row(*cells)
    return shown


def _cards(entries: list[Entry]) -> dict[str, ModelCard]:
    """Label -> card of each model of ours that is named by it."""
    from derain.zoo import load_model, model_names

    return {
        entry.label: load_model(entry.spec).card
        for entry in entries
        if entry.spec in model_names() or entry.spec.endswith(".json")
    }


def _check_cards(entries: list[Entry], testsets: list[TestSet]) -> None:
    """Refuse to begin where there will be nothing to verify."""
    claimed = {name for card in _cards(entries).values() for name in card.scores}
    if not claimed & {testset.name for testset in testsets}:
        raise VerificationError("no model here has a card with scores on these sets")


def _verify(entries: list[Entry], rows: list[Row], console: Console) -> None:
    from rich.table import Table

    from derain.evaluation import verify

    verdicts = []
    for label, card in _cards(entries).items():
        verdicts += verify(card, [row for row in rows if row.model == label])
    if all(verdict.score == "n" for verdict in verdicts):
        raise VerificationError("no score of the cards was computed; leave --protocol out")
    claimed = {verdict.dataset for verdict in verdicts}
    if others := [
        name for name in dict.fromkeys(row.dataset for row in rows) if name not in claimed
    ]:
        console.print(f"not on the cards, so not verified: {', '.join(others)}")
    table = Table("model", "set", "score", "card", "found", "", box=None)
    for v in verdicts:
        table.add_row(
            v.model, v.dataset, v.score, f"{v.claimed:.4f}", f"{v.found:.4f}",
            "" if v.holds else "DIFFERS",
        )  # fmt: skip
    console.print(table)
    wrong = sum(not v.holds for v in verdicts)
    if wrong:
        raise VerificationError(f"{wrong} of {len(verdicts)} scores differ from the cards")
    console.print(f"all {len(verdicts)} scores are as the cards say")
