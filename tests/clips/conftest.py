"""Tests of clips need PyAV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("av")

from derain.clips.result import ClipResult
from derain.clips.work import ClipJob, ClipOptions, derain_clip
from tests.clips.made import Derain, EachFrame, same


@pytest.fixture
def dry(tmp_path: Path) -> Callable[..., tuple[Path, ClipResult, list[str]]]:
    """Derains a clip with a trivial derainer: its result, what became of it, what was told."""

    def run(
        source: Path, name: str = "", derain: Derain = same, **options: Any
    ) -> tuple[Path, ClipResult, list[str]]:
        target = tmp_path / (name or f"out-{source.name}")
        told: list[str] = []
        done = derain_clip(ClipJob(
            source, {"clean": target}, EachFrame(derain), {"model": "none"},
            ClipOptions(segment=5, **options), tell=told.append,
        ))  # fmt: skip
        assert not list(tmp_path.glob(".*.derain"))
        return target, done, told

    return run
