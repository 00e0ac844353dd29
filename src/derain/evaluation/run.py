"""Every method on every picture and clip, side by side, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from derain.adapters import parse_onnx
from derain.cluster import Cluster
from derain.data import sha256
from derain.errors import UsageError
from derain.evaluation.bench import Execute, Job, Setup, one_by_one
from derain.evaluation.checks import check_name
from derain.evaluation.item import Item
from derain.evaluation.on_ray import on_ray
from derain.evaluation.records import Record, RecordFile
from derain.evaluation.testset import TestSet
from derain.evaluation.worker import MethodInfo, Worker
from derain.locks import held_alone
from derain.metrics import Kind, Scorer

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


def _known(records: Iterable[Record]) -> dict[tuple[object, ...], Record]:
    """By their keys; of one place for results, those of what was written there last.

    That of one with an error may have been written, too.
    """
    known, last = {}, {}
    for record in records:
        if not record.error:
            known[record.key] = record
        last[record.model, record.dataset, record.name] = _written(record)
    return {
        key: record
        for key, record in known.items()
        if last[record.model, record.dataset, record.name] == _written(record)
    }


def _written(record: Record) -> tuple[object, ...]:
    """What lies where the record's result lies: of which method, from which files."""
    return record.fingerprint, record.kind, record.sums


def compare(
    entries: Sequence[Entry],
    testsets: Sequence[TestSet],
    scorer: Scorer,
    folder: Path,
    backend: str = "auto",
    progress: Progress = lambda done, total: None,
    report: Callable[[str], None] = lambda line: None,
    cluster: Cluster | None = None,
) -> Results:
    """Run every method on every picture and score it.

    Each method runs in a process of its own, or on a cluster in many. What ``folder/records.jsonl``
    already holds, of the same method, pictures and scores, is not done again; each new record is on
    the disk before the next. A picture that fails is a record with an error.

    Raises:
        DerainError: A method cannot be had at all, or not on a cluster; told before the first
            picture.
        OutputConflictError: Another process compares in the folder.
    """
    if len({testset.name for testset in testsets}) < len(testsets):
        raise UsageError("two data sets have one name")
    methods, fingerprints = {}, {}
    kinds = dict.fromkeys(testset.kind for testset in testsets)
    for entry in entries:  # all of them first: a wrong path must not be met after an hour
        with closing(Worker(entry.spec, backend)) as worker:
            if cluster and not worker.travels:
                raise UsageError(
                    f"{entry.spec}: a Python function is not sent to a cluster; leave --ray out, "
                    "or give a folder of its results, or an ONNX file"
                )
            methods[entry.label] = worker.info
            fingerprints.update({(entry.label, kind): worker.fingerprint(kind) for kind in kinds})
    execute = one_by_one if cluster is None else on_ray(cluster)
    setups = {e: Setup(e.spec, backend, scorer, methods[e.label]) for e in entries}
    with held_alone(folder / ".lock", folder):
        records = _records(setups, fingerprints, testsets, folder, execute, progress, report)
    return Results(methods, tuple(testsets), records, folder)


def _records(
    setups: Mapping[Entry, Setup],
    fingerprints: Mapping[tuple[str, Kind], str],
    testsets: Sequence[TestSet],
    folder: Path,
    execute: Execute,
    progress: Progress,
    report: Callable[[str], None],
) -> tuple[Record, ...]:
    """One for every method and picture, in order: what is there already, and the rest done now."""
    store = RecordFile(folder / "records.jsonl")
    known = _known(store.read())
    pictures = [(testset, item) for testset in testsets for item in testset.items]
    digest = cache(sha256)  # views of one picture share its files
    sums = {item.files: item.sums(digest) for _, item in pictures}
    records: dict[tuple[object, ...], Record | None] = {}  # in order, whoever is done first
    done, total = 0, len(setups) * len(pictures)
    for entry, setup in setups.items():
        jobs = []
        for testset, item in pictures:
            blank = Record(
                entry.label, fingerprints[entry.label, testset.kind], testset.name,
                testset.kind, item.name, sums[item.files], setup.scorer.identity(testset.kind),
            )  # fmt: skip
            out = item.place(results_folder(folder, entry.label, testset.name))
            record = known.get(blank.key)
            # A record whose picture is gone is of no use: the report shows pictures.
            if record is None or item.kept(out) != record.frames:
                record = None
                jobs.append(Job(blank, item, testset.kind, out))
            records[blank.key] = record
        done += len(pictures) - len(jobs)
        progress(done, total)
        for record in execute(setup, jobs):
            done += 1
            store.append(record)
            if record.error:
                report(f"{entry.label}: {record.dataset}/{record.name}: {record.error}")
            records[record.key] = record
            progress(done, total)
    return tuple(record for record in records.values() if record)
