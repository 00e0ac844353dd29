"""Every method on every picture, side by side, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from derain.adapters import parse_onnx
from derain.data import read_rgb, sha256
from derain.errors import DerainError, UsageError
from derain.evaluation.checks import check_name
from derain.evaluation.records import Record, RecordFile
from derain.evaluation.testset import Item, TestSet
from derain.evaluation.worker import MethodInfo, Worker
from derain.metrics import Scorer

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Entry:
    """A method that takes part: its label in the tables, and what it is."""

    label: str
    spec: str


@dataclass(frozen=True)
class Results:
    """All that a comparison gave.

    Attributes:
        methods: Label -> what the method says of itself.
        testsets: What was measured on.
        records: One for every method and picture, in order.
        folder: Where records and restored pictures lie.
    """

    methods: dict[str, MethodInfo]
    testsets: tuple[TestSet, ...]
    records: tuple[Record, ...]
    folder: Path

    @property
    def failures(self) -> list[Record]:
        """Records without a result, to be named in every report."""
        return [record for record in self.records if record.error]

    def restored_path(self, record: Record) -> Path:
        """The restored picture of a record without error."""
        return restored_path(self.folder, record.model, record.dataset, record.name)


def restored_path(folder: Path, label: str, dataset: str, name: str) -> Path:
    """Where a restored picture lies: FOLDER/restored/LABEL/SET/NAME.png."""
    return folder / "restored" / label / dataset / f"{name}.png"


def read_entries(words: Sequence[str]) -> list[Entry]:
    """``SPEC`` or ``LABEL=SPEC``, each label once.

    Raises:
        UsageError: Two methods of one label.
    """
    entries: list[Entry] = []
    for word in words:
        label, separator, spec = word.partition("=")
        if not separator:
            label, spec = _label(word), word
        check_name(label if spec else "", word, "MODEL or LABEL=MODEL")
        if label in {entry.label for entry in entries}:
            raise UsageError(f"two methods are called '{label}'; write LABEL={spec}")
        entries.append(Entry(label, spec))
    return entries


def _label(spec: str) -> str:
    if onnx := parse_onnx(spec):
        return onnx[0].stem
    if ":" in spec:
        return spec.replace(":", ".").replace("/", ".")
    path = Path(spec)
    return path.resolve().name if path.is_dir() else path.stem


def compare(
    entries: Sequence[Entry],
    testsets: Sequence[TestSet],
    scorer: Scorer,
    folder: Path,
    backend: str = "auto",
    progress: Progress = lambda done, total: None,
    report: Callable[[str], None] = lambda line: None,
) -> Results:
    """Run every method on every picture and score it.

    Each method runs in a process of its own. What ``folder/records.jsonl`` already holds, of the
    same method, pictures and scores, is not done again; each new record is on the disk before the
    next picture. A picture that fails is a record with an error.

    Raises:
        DerainError: A method cannot be had at all; told before the first picture.
    """
    if len({testset.name for testset in testsets}) < len(testsets):
        raise UsageError("two data sets have one name")
    methods = {}
    for entry in entries:  # all of them first: a wrong path must not be met after an hour
        with Worker(entry.spec, backend) as worker:
            methods[entry.label] = worker.info
    store = RecordFile(folder / "records.jsonl")
    known = {record.key: record for record in store.read() if not record.error}
    pictures = [(testset, item) for testset in testsets for item in testset.items]
    sums = {item.files: tuple(map(sha256, item.files)) for _, item in pictures}
    records: list[Record] = []
    for entry in entries:
        with Worker(entry.spec, backend) as worker:
            for testset, item in pictures:
                blank = Record(
                    entry.label, worker.info.fingerprint, testset.name, testset.kind,
                    item.name, sums[item.files], scorer.identity(testset.kind),
                )  # fmt: skip
                out = restored_path(folder, entry.label, testset.name, item.name)
                # A record whose picture is gone is of no use: the report shows pictures.
                record = known.get(blank.key) if out.is_file() else None
                if record is None:
                    record = _one(blank, worker, testset, item, scorer, out)
                    store.append(record)
                    if record.error:
                        report(f"{entry.label}: {testset.name}/{item.name}: {record.error}")
                records.append(record)
                progress(len(records), len(entries) * len(pictures))
    return Results(methods, tuple(testsets), tuple(records), folder)


def _one(
    blank: Record, worker: Worker, testset: TestSet, item: Item, scorer: Scorer, out: Path
) -> Record:
    done = worker.restore(testset.name, item, out)
    if done.error:
        return replace(blank, error=done.error)
    try:
        rainy, clean = item.load()
        scores = scorer.score(testset.kind, rainy, clean, read_rgb(out))
    except (DerainError, ValueError) as error:
        return replace(blank, error=str(error))
    height, width = rainy.shape[:2]
    return replace(
        blank, width=width, height=height, seconds=round(done.seconds, 4),
        peak_bytes=done.peak_bytes, scores={k: round(v, 5) for k, v in scores.items()},
    )  # fmt: skip
