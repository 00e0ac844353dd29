"""Every method on every picture and clip, side by side, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from derain.adapters import parse_onnx
from derain.data import sha256
from derain.errors import DerainError, UsageError
from derain.evaluation.checks import check_name
from derain.evaluation.item import Item
from derain.evaluation.records import Record, RecordFile
from derain.evaluation.testset import TestSet
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

    def restored_path(self, record: Record, item: Item) -> Path:
        """Where the result of a record without error lies."""
        return item.place(results_folder(self.folder, record.model, record.dataset))


def results_folder(folder: Path, label: str, dataset: str) -> Path:
    """Where the results of a method on a set lie: FOLDER/restored/LABEL/SET."""
    return folder / "restored" / label / dataset


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
    methods, fingerprints = {}, {}
    kinds = dict.fromkeys(testset.kind for testset in testsets)
    for entry in entries:  # all of them first: a wrong path must not be met after an hour
        with Worker(entry.spec, backend) as worker:
            methods[entry.label] = worker.info
            fingerprints.update({(entry.label, kind): worker.fingerprint(kind) for kind in kinds})
    store = RecordFile(folder / "records.jsonl")
    known = {record.key: record for record in store.read() if not record.error}
    pictures = [(testset, item) for testset in testsets for item in testset.items]
    digest = cache(sha256)  # views of one picture share its files
    sums = {item.files: item.sums(digest) for _, item in pictures}
    records: list[Record] = []
    for entry in entries:
        with Worker(entry.spec, backend) as worker:
            for testset, item in pictures:
                blank = Record(
                    entry.label, fingerprints[entry.label, testset.kind], testset.name,
                    testset.kind, item.name, sums[item.files], scorer.identity(testset.kind),
                )  # fmt: skip
                out = item.place(results_folder(folder, entry.label, testset.name))
                record = known.get(blank.key)
                # A record whose picture is gone is of no use: the report shows pictures.
                if record is None or item.kept(out) != record.frames:
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
        found = item.score(scorer, testset.kind, out)
    except (DerainError, ValueError) as error:
        return replace(blank, error=str(error))
    return replace(
        blank, width=found.width, height=found.height, seconds=round(done.seconds, 4),
        peak_bytes=done.peak_bytes, scores={k: round(v, 5) for k, v in found.scores.items()},
        frames=found.frames,
        curves={name: [round(v, 3) for v in curve] for name, curve in found.curves.items()},
    )  # fmt: skip
