"""The gates of clips: what they are told, what they decide, and the one that ships."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from derain import CorruptModelError, Derainer
from derain.nn import GateNet, load_network
from derain.restore.temporal import BrighterGate, Evidence, LearntGate
from derain.restore.temporal.learnt import planes
from derain.zoo import SHIPPED, card_markdown, load_gate, load_model

PHOTO: NDArray[np.uint8] = data.astronaut()


def evidence(height: int = 120, width: int = 161, rainy: bool = True) -> Evidence:
    """Of seven frames of one place, some places of which are not seen in some."""
    rng = np.random.default_rng(0)
    scene = np.ascontiguousarray(np.resize(PHOTO, (height, width, 3)))
    frames = []
    for _ in range(7):
        frame = scene.copy()
        if rainy:
            for y, x in rng.integers(0, (height - 20, width), (40, 2)):
                frame[y : y + 20, x] = np.minimum(255, frame[y : y + 20, x] + 90.0)
        frames.append(frame)
    masks = [rng.random((height, width)) > 0.1 for _ in frames[1:]]
    return Evidence(frames, masks, 2)


def test_the_shipped_gate_is_what_its_card_says() -> None:
    model = load_gate()
    card = model.card
    for file in (card.onnx, card.weights):
        found = hashlib.sha256((SHIPPED / "gates" / file).read_bytes()).hexdigest()
        assert found == card.sha256[file]
    network = load_network(model.weights_path())
    assert isinstance(network, GateNet)
    assert 10_000 <= card.parameters == sum(p.numel() for p in network.parameters()) <= 50_000
    assert (SHIPPED / "gates" / "gate.md").read_text() == card_markdown(card)
    assert card.scores["clips"]["psnr/matlab-y"] > card.scores["clips"]["input/matlab-y"] + 5
    assert card.scores["clips dry"]["psnr/matlab-y"] > 60


@pytest.mark.parametrize("size", [(120, 161), (1, 1), (1100, 34)])
def test_it_decides_as_the_trained_network_does(size: tuple[int, int]) -> None:
    """In bands, of odd sizes, by ONNX Runtime, as torch at once."""
    told = evidence(*size, rainy=min(size) > 20)
    fused = LearntGate(load_gate())(told)
    seen = torch.from_numpy(planes(told))[None]
    odd = [side % 2 for side in size]
    seen = torch.nn.functional.pad(seen, (0, odd[1], 0, odd[0]), mode="replicate")
    still = torch.rand(1, 3, *seen.shape[-2:])
    with torch.no_grad():
        layers = load_network(load_gate().weights_path())(torch.cat([seen, still], 1))
    coarse, clean = (
        each[0, :, : size[0], : size[1]].permute(1, 2, 0).numpy()
        for each in (layers.coarse, layers.clean)
    )
    np.testing.assert_allclose(fused.frame / 255, coarse, atol=1e-4)
    shown = still[0, :, : size[0], : size[1]].permute(1, 2, 0).numpy()
    blended = coarse + fused.need[..., None] * (shown - coarse)
    np.testing.assert_allclose(blended, clean, atol=1e-4)


def test_sixteen_bits_are_weighed_as_eight() -> None:
    told = evidence()
    deep = Evidence([f.astype(np.uint16) * 257 for f in told.aligned], told.masks, 2)
    gate = LearntGate(load_gate())
    np.testing.assert_allclose(gate(deep).frame / 257, gate(told).frame, atol=1e-2)
    np.testing.assert_allclose(gate(deep).need, gate(told).need, atol=1e-4)


@pytest.mark.parametrize("gate", [BrighterGate(), LearntGate(load_gate())])
def test_the_network_is_needed_where_nobody_sees_a_place(gate: BrighterGate | LearntGate) -> None:
    told = evidence()
    blind = [mask.copy() for mask in told.masks]
    for mask in blind:
        mask[40:90, 50:110] = False
    need = gate(Evidence(told.aligned, blind, 2)).need
    assert need[55:75, 65:95].mean() > need[:30].mean() + 0.2


def test_each_kind_of_model_is_refused_where_the_other_is_meant() -> None:
    with pytest.raises(CorruptModelError, match="card of a gate model"):
        load_model(SHIPPED / "gates" / "gate.json")
    with pytest.raises(CorruptModelError, match="card of a picture model"):
        load_gate(SHIPPED / "fast.json")
    with pytest.raises(CorruptModelError, match="gate"):
        Derainer(SHIPPED / "gates" / "gate.onnx")


def test_a_damaged_gate_is_told(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "gates", tmp_path / "gates")
    (tmp_path / "gates" / "gate.onnx").write_bytes(b"\x08")
    with pytest.raises(CorruptModelError, match=r"gate\.onnx"):
        LearntGate(load_gate(tmp_path / "gates" / "gate.json"))
