"""A card tells all stages of a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from derain.export.history import stages_of, training_of


def finished(folder: Path, init: str, weights: dict[str, float], **more: Any) -> Path:
    """What a finished run leaves of its record."""
    folder.mkdir(parents=True)
    pairs = [{"name": k, "weight": w, "terms": f"terms of {k}"} for k, w in weights.items()]
    config = {"init": init, "steps": 10, "batch": 4, "patch": 96, "seed": 1, **more}
    config["data"] = {"pairs": pairs}
    trained_on = dict.fromkeys((*weights, "real"), 7)
    started = {"config": "configs/x.toml", "commit": "abc"}
    for name, value in (
        ("config", config), ("split", {"trained_on": trained_on}), ("started", started)
    ):  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


def test_sources_of_earlier_stages_stay_on_the_card(tmp_path: Path) -> None:
    """Photographs of the middle stage, whose rights are others', above all."""
    first = finished(tmp_path / "detail", "elsewhere.safetensors", {"a": 1, "b": 3, "held": 0})
    real = {"batch": 1, "terms": "third-party rights"}
    second = finished(tmp_path / "real", f"{first}/network.safetensors", {"a": 1}, real=real)
    blend = {"init": "other.safetensors", "share": 0.2}
    last = finished(
        tmp_path / "finish", f"{second}/network.safetensors", {"a": 1, "c": 1}, blend=blend
    )
    told = training_of(last, {"seconds": 1.0})
    assert told["steps"] == 30
    assert [stage["name"] for stage in told["stages"]] == ["detail", "real", "finish"]
    assert told["starts_from"] == "elsewhere.safetensors"
    assert told["mixed_with"] == "other.safetensors (20%)"
    rows = {row["name"]: (row["share"], row["terms"]) for row in told["data"]}
    assert rows == {
        "a": (0.5, "terms of a"), "b": (0.75, "terms of b"), "c": (0.5, "terms of c"),
        "real": (0.25, "third-party rights"),
    }  # fmt: skip


def test_a_run_that_was_its_own_start_ends(tmp_path: Path) -> None:
    run = finished(tmp_path / "r", f"{tmp_path / 'r'}/network.safetensors", {"a": 1})
    assert len(stages_of(run)) == 1
