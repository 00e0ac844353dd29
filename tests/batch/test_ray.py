"""``derain run --ray``: on a cluster of several nodes, some of which die."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from derain.cli.main import run
from tests.batch.conftest import Fill
from tests.batch.test_run import FAST, results, rows

ray = pytest.importorskip("ray")


def test_a_cluster_whose_nodes_die(cluster: Any, fill: Fill, tmp_path: Path) -> None:
    """Equal bytes, one row a picture; one that is damaged is a row and no more."""
    folder = fill(30)
    (folder / "bad.png").write_bytes(b"nonsense")
    assert run(["run", str(folder), "-o", str(tmp_path / "whole"), *FAST]) == 1
    second = cluster.add_node(num_cpus=1)
    out, killed = tmp_path / "out", False
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")

    from derain.batch import Manifest

    append = Manifest.append

    def and_kill(self: Manifest, row: Any) -> None:
        nonlocal killed
        append(self, row)
        if not killed and sum(1 for _ in self.rows()) >= 5:
            cluster.remove_node(second, allow_graceful=False)
            killed = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Manifest, "append", and_kill)
        command = ["run", str(folder), "-o", str(out), *FAST, "--ray", cluster.address]
        assert run(command) == 1
    assert killed
    assert results(out) == results(tmp_path / "whole")
    assert set(Counter(row["source"] for row in rows(out)).values()) == {1}
    assert [row["source"] for row in rows(out) if row["status"] == "failed"] == ["bad.png"]


def test_no_cluster_there(fill: Fill, tmp_path: Path, capsys) -> None:
    ray.shutdown()
    began = time.monotonic()
    command = ["run", str(fill(1)), "-o", str(tmp_path / "out"), *FAST, "--ray", "127.0.0.1:1"]
    assert run(command) == 18
    assert "no cluster answers" in capsys.readouterr().err
    assert time.monotonic() - began < 60


def test_a_cluster_that_does_not_start(fill: Fill, tmp_path: Path, monkeypatch, capsys) -> None:
    """Ray has no kind of error for it."""

    def init(*_: object, **__: object) -> None:
        raise Exception("The current node timed out during startup.")

    ray.shutdown()
    monkeypatch.setattr(ray, "init", init)
    command = ["run", str(fill(1)), "-o", str(tmp_path / "out"), *FAST, "--ray", "local"]
    assert run(command) == 18
    assert "--ray local: no cluster answers (The current node" in capsys.readouterr().err
