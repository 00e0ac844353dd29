"""The file of records: its format, and what of it is used again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from derain.errors import DatasetError
from derain.evaluation.records import Record, RecordFile

RECORD = Record(
    "fast", "f00d onnxruntime", "rain800", "pairs", "0", ("a", "b"), "rgb", 40, 30, 0.5, 1 << 20,
    {"psnr/rgb": 30.5},
)  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = RecordFile(tmp_path / "out" / "records.jsonl")
    assert list(store.read()) == []
    failed = dataclasses.replace(RECORD, name="1", scores={}, error="too dark")
    for record in (RECORD, failed):
        store.append(record)
    assert list(store.read()) == [RECORD, failed]


def test_the_format_is_that_of_older_files(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    RecordFile(path).append(RECORD)
    assert json.loads(path.read_text()) == {
        "model": "fast", "fingerprint": "f00d onnxruntime", "dataset": "rain800", "kind": "pairs",
        "name": "0", "sums": ["a", "b"], "scored": "rgb", "width": 40, "height": 30,
        "seconds": 0.5, "peak_bytes": 1048576, "scores": {"psnr/rgb": 30.5}, "error": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "base"}, {"fingerprint": "other"}, {"dataset": "x"}, {"kind": "real"},
        {"name": "1"}, {"sums": ("a", "c")}, {"scored": "rgb vif"},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_a_record_of_something_else_is_another_record(changed: dict[str, object]) -> None:
    assert dataclasses.replace(RECORD, **changed).key != RECORD.key
    again = dataclasses.replace(RECORD, seconds=9.0, scores={"psnr/rgb": 1.0}, error="x")
    assert again.key == RECORD.key


def test_a_torn_line_is_left_out_and_torn_no_further(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    store = RecordFile(path)
    store.append(RECORD)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-30])
    other = dataclasses.replace(RECORD, name="1")
    store.append(other)
    assert list(store.read()) == [RECORD, other]


@pytest.mark.parametrize(
    "wrong", [{"colour": "red"}, {"sums": None}, {"model": ...}], ids=["more", "type", "less"]
)
def test_a_wrong_record_is_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    values = {**dataclasses.asdict(RECORD), **wrong}
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps({k: v for k, v in values.items() if v is not ...}) + "\n")
    with pytest.raises(DatasetError, match=r"records\.jsonl: records of another version"):
        list(RecordFile(path).read())
