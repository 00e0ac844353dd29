"""``derain run`` between buckets, on a server that answers as S3 does."""

from __future__ import annotations

import json
from pathlib import Path

import obstore
import pytest

from derain.batch import Manifest, Row, open_store
from derain.batch.stores.bucket import Bucket
from derain.cli.main import run
from derain.errors import InputNotFoundError, PermissionDeniedError, StoreError
from tests.batch.conftest import Fill
from tests.batch.test_run import FAST, results


def put(bucket: str, folder: Path, prefix: str) -> None:
    store = open_store(f"{bucket}/{prefix}")
    for path in folder.rglob("*.png"):
        store.create(path.relative_to(folder).as_posix(), path.read_bytes())


def test_from_bucket_to_bucket(bucket: str, fill: Fill, tmp_path: Path, capsys) -> None:
    """The bytes of a run between folders; a second run does nothing; what changed is done anew."""
    folder = fill(5)
    put(bucket, folder, "raw of the day")
    assert run(["run", str(folder), "-o", str(tmp_path / "out"), *FAST]) == 0
    command = ["run", f"{bucket}/raw of the day", "-o", f"{bucket}/dry", *FAST, "--json"]
    assert run(command) == 0
    store = open_store(f"{bucket}/dry")
    made = {entry.name: store.read(entry.name) for entry in store.entries()}
    assert made == results(tmp_path / "out")
    capsys.readouterr()
    assert run(command) == 0
    assert not capsys.readouterr().out
    open_store(f"{bucket}/raw of the day").replace("000.png", (folder / "002.png").read_bytes())
    assert run(command) == 0
    assert json.loads(capsys.readouterr().out)["source"] == "000.png"
    assert store.read("000.png") == made["002.png"]
    assert run(["manifest", "verify", f"{bucket}/dry"]) == 0
    assert run(["manifest", "summary", f"{bucket}/dry"]) == 0
    assert "5 done, 0 failed" in capsys.readouterr().out


def test_a_prefix_is_taken_as_it_is_written(s3: str, bucket: str) -> None:
    """What stands for something else in addresses of the web does not do so in a bucket's."""
    import boto3

    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    for prefix in ("day #1", "day?", "50%41", "a+b=c&d", "Regen \u00e4\u96e8"):
        store = open_store(f"{bucket}/{prefix}")
        assert store.create("x y#%41.png", b"data")
        assert [entry.name for entry in store.entries()] == ["x y#%41.png"]
        assert b"".join(store.pieces("x y#%41.png")) == b"data"
        client.head_object(Bucket=bucket.removeprefix("s3://"), Key=f"{prefix}/x y#%41.png")
    assert len(client.list_objects_v2(Bucket=bucket.removeprefix("s3://"))["Contents"]) == 5


def test_a_name_that_cannot_be_listed_is_told(s3: str, bucket: str, capsys) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    client.put_object(Bucket=bucket.removeprefix("s3://"), Key="raw/a//b.png", Body=b"x")
    assert run(["run", f"{bucket}/raw", "-o", f"{bucket}/dry", *FAST]) > 1
    assert "holds a name with '//'" in (told := capsys.readouterr().err)
    assert "rename it" in told and told.count("\n") == 1


def test_what_a_killed_run_wrote_is_adopted_if_it_is_the_same(
    bucket: str, fill: Fill, tmp_path: Path, capsys
) -> None:
    """Its manifest was never put: nothing is made twice, nobody else's object is lost."""
    folder, store = fill(2), open_store(f"{bucket}/dry")
    assert run(["run", str(folder), "-o", str(tmp_path / "out"), *FAST]) == 0
    store.create("000.png", (tmp_path / "out" / "000.png").read_bytes())
    store.create("sub/001.png", b"mine")
    assert run(["run", str(folder), "-o", f"{bucket}/dry", *FAST]) == 1
    assert f"{bucket}/dry/sub/001.png: exists already" in capsys.readouterr().err
    assert store.read("sub/001.png") == b"mine"


def test_a_list_of_addresses(bucket: str, fill: Fill, tmp_path: Path) -> None:
    folder = fill(2)
    put(bucket, folder, "raw")
    names = tmp_path / "names.txt"
    names.write_text(f"{bucket}/raw/000.png\nin/sub/001.png\n")
    assert run(["run", str(names), "-o", str(tmp_path / "out"), *FAST]) == 0
    name = bucket.removeprefix("s3://")
    assert set(results(tmp_path / "out")) == {f"{name}/raw/000.png", "in/sub/001.png"}


def test_what_is_told_of_buckets(bucket: str, fill: Fill, monkeypatch, capsys) -> None:
    folder = fill(1)
    for words, code, told in (
        (
            ["s3://no-such-bucket/x", "-o", f"{bucket}/dry"],
            3,
            "s3://no-such-bucket/x: no such buck",
        ),
        ([f"{bucket}/none", "-o", f"{bucket}/dry"], 3, "holds no pictures"),
        ([str(folder), "-o", "s3://no-such-bucket/x"], 3, "no such bucket"),
        ([bucket, "-o", f"{bucket}/"], 7, "is the source too"),
    ):
        assert run(["run", *words, *FAST]) == code
        line = capsys.readouterr().err
        assert told in line
        assert line.count("\n") == 1
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert run(["run", bucket, "-o", str(folder.parent / "out"), *FAST]) == 5
    assert "no credentials; set those of the provider" in capsys.readouterr().err


def test_two_cannot_create_one_object(bucket: str) -> None:
    store = open_store(bucket)
    assert store.create("a", b"first")
    assert not store.create("a", b"second")
    assert store.read("a") == b"first"
    with pytest.raises(InputNotFoundError, match="no such object"):
        store.read("b")


def test_files_of_any_size(bucket: str, tmp_path: Path) -> None:
    """Put from a file, once; fetched into one, and again only when it is another one."""
    store, file = open_store(bucket), tmp_path / "made"
    data = bytes(range(256)) * 40_000
    file.write_bytes(data)
    assert store.create("sub/a.mp4", file)
    assert not store.create("sub/a.mp4", file)
    assert b"".join(store.pieces("sub/a.mp4")) == data
    local = store.local("sub/a.mp4", tmp_path / "here")
    assert local == tmp_path / "here" / "a.mp4"
    assert local.read_bytes() == data
    fetched = local.stat()
    assert store.local("sub/a.mp4", tmp_path / "here").stat().st_ino == fetched.st_ino
    file.write_bytes(data[1:])
    store.replace("sub/a.mp4", file)
    assert store.local("sub/a.mp4", tmp_path / "here").read_bytes() == data[1:]
    assert [path.name for path in local.parent.iterdir()] == ["a.mp4"]
    store.remove("sub/a.mp4")
    store.remove("sub/a.mp4")
    for read in (store.read, lambda name: list(store.pieces(name))):
        with pytest.raises(InputNotFoundError, match=r"sub/a\.mp4: no such object"):
            read("sub/a.mp4")


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("503 Slow Down", StoreError),
        ("<Code>AccessDenied</Code>", PermissionDeniedError),
        ("<Code>NoSuchBucket</Code>", InputNotFoundError),
    ],
)
def test_errors_of_a_store(bucket: str, told: str, kind: type[Exception], monkeypatch) -> None:
    """What a server says in its own words; it is asked through obstore's real exceptions."""

    def answer(*_: object, **__: object) -> object:
        raise obstore.exceptions.GenericError(told)

    monkeypatch.setattr(obstore, "get", answer)
    with pytest.raises(kind):
        Bucket(bucket).read("x")


def test_a_store_that_answers_503_for_a_while(
    bucket: str, fill: Fill, tmp_path: Path, monkeypatch
) -> None:
    """Its pictures are tried again, as often as was said, and the row tells how often."""
    folder = fill(2)
    put(bucket, folder, "raw")
    real, asked = obstore.get, []
    monkeypatch.setattr("derain.batch.worker._PAUSE", 0.01)

    def now_and_then(store: object, name: str) -> object:
        if name == "000.png":
            asked.append(name)
            if len(asked) < 3:
                raise obstore.exceptions.GenericError("503 Slow Down")
        return real(store, name)

    monkeypatch.setattr(obstore, "get", now_and_then)
    assert run(["run", f"{bucket}/raw", "-o", str(tmp_path / "out"), *FAST]) == 0
    lines = (tmp_path / "out" / ".derain" / "00000-of-00001.jsonl").read_text().splitlines()[1:]
    assert {row["source"]: row["attempts"] for row in map(json.loads, lines)} == {
        "000.png": 3,
        "sub/001.png": 1,
    }


def test_rows_that_were_put_though_the_store_said_otherwise(bucket: str, monkeypatch) -> None:
    """They are in the manifest once, and so are those that came after."""
    real, target = obstore.put, open_store(bucket)

    def put_and_refuse(*args: object, **options: object) -> object:
        real(*args, **options)
        raise obstore.exceptions.GenericError("503 Slow Down")

    manifest = Manifest(target, {})
    manifest.open((0, 1))
    manifest.append(Row("a.png", "1", "a.png", "done"))
    with monkeypatch.context() as patch:
        patch.setattr(obstore, "put", put_and_refuse)
        with pytest.raises(StoreError):
            manifest.flush()
    manifest.append(Row("b.png", "1", "b.png", "done"))
    manifest.close()
    assert [row.source for row in Manifest(target).rows()] == ["a.png", "b.png"]
    other = Manifest(target, {})  # another process, at the same shard
    for each, name in ((manifest, "c.png"), (other, "d.png")):
        each.open((0, 1))
        each.append(Row(name, "1", name, "done"))
    manifest.close()
    other.close()
    assert sorted(row.source[0] for row in Manifest(target).rows()) == ["a", "b", "c", "d"]
