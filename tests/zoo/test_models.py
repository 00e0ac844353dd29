"""The shipped models: whole, checked, described; damage is a typed error."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from derain import CorruptModelError, Derainer, ModelNotFoundError, model_names
from derain.nn import DRDNetConfig, load_network
from derain.zoo import SHIPPED, ModelCard, card_markdown, load_model, store

MEASURED = json.loads((Path(__file__).parents[2] / "configs" / "validation.json").read_text())
"""The pictures with which ``derain evaluate --verify`` computes a card's scores again."""


def test_both_models_ship() -> None:
    assert model_names() == ["base", "fast"]


@pytest.mark.parametrize("name", ["base", "fast"])
def test_cards_describe_the_files(name: str) -> None:
    model = load_model(name)
    card = model.card
    for file in (card.onnx, card.weights):
        data = (SHIPPED / file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == card.sha256[file]
    network = load_network(model.weights_path())
    assert network.config == DRDNetConfig.from_dict(card.network)
    assert card.parameters == sum(p.numel() for p in network.parameters())
    assert card.size_multiple == network.config.size_multiple
    assert card.receptive_radius == network.config.receptive_radius
    assert (SHIPPED / f"{name}.md").read_text() == card_markdown(card)
    for source in card.training["data"]:
        assert source["pictures"] > 0
        assert source["terms"]
    for column in ("rain800", "rain100L", "rain-free"):
        assert card.scores[column]["n"] == len(MEASURED[column]) >= 10


def test_fast_costs_about_half_of_base() -> None:
    costs = [load_model(name).card.mmac_per_pixel for name in ("fast", "base")]
    assert costs[0] <= 0.55 * costs[1]


def test_unknown_names_come_with_the_nearest() -> None:
    with pytest.raises(ModelNotFoundError, match="did you mean 'fast'"):
        load_model("fats")
    with pytest.raises(ModelNotFoundError, match="no such model card"):
        load_model("here/not.json")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped models that may be damaged."""
    folder = tmp_path / "models"
    shutil.copytree(SHIPPED, folder)
    monkeypatch.setattr(store, "SHIPPED", folder)
    return folder


@pytest.mark.parametrize("suffix", ["onnx", "safetensors", "json"])
@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_flipped_byte_is_told(copy: Path, suffix: str, place: int) -> None:
    path = copy / f"fast.{suffix}"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    backend = "torch" if suffix == "safetensors" else "onnxruntime"
    with pytest.raises(CorruptModelError, match="install again"):
        Derainer("fast", backend=backend)


def test_missing_files_are_told(copy: Path) -> None:
    (copy / "fast.onnx").unlink()
    with pytest.raises(CorruptModelError, match=r"fast\.onnx"):
        Derainer("fast", backend="onnxruntime")
    (copy / "manifest.json").write_text("{")
    with pytest.raises(CorruptModelError, match="manifest"):
        load_model("base")


def test_a_file_with_the_right_sum_that_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"not a network")
    card = dataclasses.replace(
        load_model("fast").card,
        onnx="x.onnx",
        sha256={"x.onnx": hashlib.sha256(b"not a network").hexdigest()},
    )
    (tmp_path / "x.json").write_text(card.to_json())
    for backend in ("onnxruntime", "openvino"):
        with pytest.raises(CorruptModelError, match="does not load"):
            Derainer(str(tmp_path / "x.json"), backend=backend)


@pytest.mark.parametrize(
    "change", [{"halo": 33}, {"size_multiple": 0}, {"channel_order": "BGR"}, {"sun": 1}]
)
def test_impossible_cards_are_refused(change: dict[str, object]) -> None:
    values = {**json.loads(load_model("fast").card.to_json()), **change}
    with pytest.raises(CorruptModelError):
        ModelCard.from_json(json.dumps(values), "card")
    with pytest.raises(CorruptModelError):
        ModelCard.from_json("[]", "card")


@pytest.mark.parametrize(
    "change",
    [
        {"halo": -32},
        {"halo": True},
        {"halo": 10**9},
        {"size_multiple": 1.5},
        {"size_multiple": True},
        {"size_multiple": 10**9},
        {"size_multiple": 4096, "halo": 4096},
        {"bytes_per_pixel": "336"},
        {"bytes_per_pixel": 0},
        {"network": []},
        {"sha256": ["x"]},
        {"scores": "good"},
        {"onnx": 5},
        {"onnx": "../fast.onnx"},
        {"onnx": "/etc/passwd"},
        {"onnx": "C:\\fast.onnx"},
        {"onnx": ".."},
        {"weights": "sub/fast.safetensors"},
        {"name": None},
    ],
    ids=str,
)
def test_cards_that_would_break_something_are_refused(change: dict[str, object]) -> None:
    values = {**json.loads(load_model("fast").card.to_json()), **change}
    with pytest.raises(CorruptModelError, match="card"):
        ModelCard.from_json(json.dumps(values), "card")


def test_a_card_that_is_too_deep_is_refused() -> None:
    with pytest.raises(CorruptModelError, match="not a model card"):
        ModelCard.from_json("[" * 100_000 + "]" * 100_000, "card")
    with pytest.raises(CorruptModelError, match="not a model card"):
        ModelCard.from_json(b"\xff\xfe{}", "card")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs Unix")
def test_a_pipe_is_no_model_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fast.onnx")
    (tmp_path / "fast.json").write_text(load_model("fast").card.to_json())
    with pytest.raises(CorruptModelError, match="is no regular file"):
        load_model(str(tmp_path / "fast.json")).read_onnx()


def test_weights_outside_the_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX may take them from the current folder, where no sum of a card is held against them."""
    import onnx

    monkeypatch.chdir(tmp_path)
    network = onnx.load(SHIPPED / "fast.onnx")
    onnx.save(network, "x.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    data = Path("x.onnx").read_bytes()
    card = dataclasses.replace(
        load_model("fast").card, onnx="x.onnx", sha256={"x.onnx": hashlib.sha256(data).hexdigest()}
    )
    Path("x.json").write_text(card.to_json())
    for backend in ("onnxruntime", "openvino"):
        with pytest.raises(CorruptModelError, match="keeps weights in another file"):
            Derainer("x.json", backend=backend)


def test_models_by_path(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "models")
    for path in (tmp_path / "models" / "fast.json", tmp_path / "models" / "fast.onnx"):
        assert load_model(path).card == load_model(str(path)).card == load_model("fast").card
    with pytest.raises(ModelNotFoundError, match=r"give a card in it, such as .*base\.json"):
        load_model(tmp_path / "models")
    with pytest.raises(ModelNotFoundError, match=r"give its card fast\.json"):
        load_model(tmp_path / "models" / "fast.safetensors")
    (tmp_path / "models" / "fast.json").unlink()
    with pytest.raises(ModelNotFoundError, match=r"its card fast\.json is not beside it"):
        load_model(tmp_path / "models" / "fast.onnx")
