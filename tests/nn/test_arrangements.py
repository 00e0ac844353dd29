"""Branches of unlike resolution, and the detail branch first: the contracts hold for each."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from derain.errors import ConfigError
from derain.export.halo import measure_halo
from derain.export.onnx import check_parity, to_onnx
from derain.nn import DRDNet, DRDNetConfig, macs_per_pixel
from derain.restore.engine import Engine
from derain.zoo import load_model
from tests.nn.test_networks import lively
from tests.restore.test_tiling import LEVEL, Network, planes, walk

SMALL = DRDNetConfig(
    channels=8,
    rain_blocks=2,
    detail_blocks=1,
    unshuffle=2,
    norm="none",
    slopes="shared",
    pool_window=12,
)
QUARTER = dataclasses.replace(SMALL, detail_unshuffle=4, detail_input="both")
FIRST = dataclasses.replace(SMALL, detail_unshuffle=4, first="detail")
ARRANGEMENTS = {
    "quarter": QUARTER,
    "quarter, wider, batch norm": dataclasses.replace(
        QUARTER, detail_channels=12, norm="batch", slopes="channel", mirrors=2
    ),
    "quarter, centred": dataclasses.replace(QUARTER, detail_mean=0.45),
    "eighth": dataclasses.replace(QUARTER, detail_unshuffle=8, detail_input="coarse"),
    "first": FIRST,
    "first, wider, batch norm": dataclasses.replace(
        FIRST, detail_channels=12, norm="batch", slopes="channel", mirrors=2
    ),
    "first, alike": dataclasses.replace(FIRST, detail_unshuffle=2),
    "first, finer": dataclasses.replace(FIRST, detail_unshuffle=1),
}

each = pytest.mark.parametrize("config", ARRANGEMENTS.values(), ids=ARRANGEMENTS)


def noise(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, rows, columns, generator=torch.Generator().manual_seed(seed))


@each
def test_sizes_and_layers(config: DRDNetConfig) -> None:
    """Both branches and the pools divide an input; only the branches divide a patch."""
    network, side, patch = lively(config), config.size_multiple, config.patch_multiple
    units = (config.unshuffle, config.detail[1], config.pool_cell * config.unshuffle)
    assert all(side % unit == 0 for unit in units)
    assert patch == max(units[:2])
    with torch.no_grad():
        layers = network(noise(side, 2 * side))
        trained = network.train()(noise(6 * patch, 5 * patch))
    for layer in (*layers, *trained):
        assert layer.dtype == torch.float32
    assert {layer.shape for layer in layers} == {(1, 3, side, 2 * side)}
    assert {layer.shape for layer in trained} == {(1, 3, 6 * patch, 5 * patch)}
    torch.testing.assert_close(layers.clean, noise(side, 2 * side) - layers.rain + layers.detail)
    assert float(layers.rain.std()) > 1e-3 and float(layers.detail.std()) > 1e-3
    with pytest.raises(ValueError, match=f"multiple of {patch}"):
        network(noise(6 * patch, 5 * patch + patch // 2))
    with pytest.raises(ValueError, match=f"multiple of {side}"):
        network.eval()(noise(side + 2, side))


@pytest.mark.parametrize("reads", ["rainy", "coarse", "both", "features", "first"])
@pytest.mark.parametrize(("fine", "low"), [(1, 1), (1, 4), (2, 1), (2, 2), (2, 4), (2, 8)])
def test_the_receptive_radius_is_exact(reads: str, fine: int, low: int) -> None:
    """As far as the gradient of a pixel reaches, and no less; the farthest of all its places."""
    if reads == "features" and fine != low:
        pytest.skip("needs branches of one resolution")
    changes: dict[str, object] = {"detail_input": reads, "unshuffle": fine, "detail_unshuffle": low}
    if reads == "first":
        changes |= {"detail_input": "rainy", "first": "detail"}
    config = dataclasses.replace(SMALL, pool_window=6, channels=4, **changes)
    network = lively(config)
    for module in network.rain.blocks:
        module.attention = nn.Identity()  # the convolutions alone
    side = config.size_multiple * -(-(2 * config.receptive_radius + 40) // config.size_multiple)
    middle, farthest = side // 16 * 8, 0
    for place in range(middle, middle + config.patch_multiple):
        rainy = noise(config.size_multiple, side).requires_grad_()
        network(rainy).clean[..., place].square().sum().backward()
        assert rainy.grad is not None
        columns = rainy.grad.abs().sum((0, 1, 2)).nonzero().flatten()
        farthest = max(farthest, place - int(columns[0]), int(columns[-1]) - place)
    assert farthest == config.receptive_radius


@each
def test_cost_is_what_the_folded_network_multiplies(config: DRDNetConfig) -> None:
    """To the last multiplication."""
    network = lively(config)
    folded, counted = network.folded(), 0

    def count(conv: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal counted
        assert isinstance(conv, nn.Conv2d)
        counted += output.numel() * conv.weight[0].numel()

    for module in folded.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    rainy = noise(2 * config.size_multiple, config.size_multiple)
    with torch.no_grad():
        folded(rainy)
    pixels = rainy.shape[-1] * rainy.shape[-2]
    assert macs_per_pixel(network) == round(counted / pixels)


@each
def test_folding_is_exact(config: DRDNetConfig) -> None:
    network, rainy = lively(config), noise(config.size_multiple, 2 * config.size_multiple)
    folded = network.folded()
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    with torch.no_grad():
        for whole, simpler in zip(network(rainy), folded(rainy), strict=True):
            assert float((whole - simpler).abs().max()) <= 1e-5


@pytest.mark.parametrize("config", [QUARTER, FIRST], ids=["quarter", "first"])
def test_onnx_is_the_same_network(config: DRDNetConfig) -> None:
    assert check_parity(lively(config), to_onnx(lively(config))) <= 1e-4


@pytest.mark.parametrize("config", [QUARTER, FIRST], ids=["quarter", "first"])
def test_tiles_are_the_whole_picture(config: DRDNetConfig, photo: NDArray[np.uint8]) -> None:
    """With the halo that is measured; with the least that there is the cuts are seen."""
    network, image = lively(config), planes(photo)[:, :190, :270]
    for trunk in (network.rain, network.detail):
        nn.init.normal_(trunk.tail.weight, std=0.1)  # so that a cut would be seen
    card = dataclasses.replace(
        load_model("fast").card,
        size_multiple=config.size_multiple,
        halo=measure_halo(network),
        bytes_per_pixel=config.bytes_per_pixel,
    )
    whole = walk(Engine(Network(network), card, 1, tile=4096), image)

    def worst(halo: int, tile: int) -> float:
        cut = dataclasses.replace(card, halo=halo)
        tiled = walk(Engine(Network(network), cut, 1, tile=tile), image)
        return float(np.abs(tiled - whole).max())

    assert worst(card.halo, 48) <= LEVEL and worst(card.halo, 80) <= LEVEL
    assert worst(config.size_multiple, 48) > LEVEL


def test_the_detail_branch_first_is_context_of_the_rain_branch() -> None:
    """Its features change R, and R changes nothing of D: it reads the rainy picture alone."""
    network, rainy = lively(FIRST), noise(FIRST.size_multiple, FIRST.size_multiple)
    with torch.no_grad():
        before = network(rainy)
        network.detail.blocks[0].second.fuse.weight.mul_(2)
        other = network(rainy)
        assert not torch.equal(other.rain, before.rain)
        network.rain.tail.weight.zero_()
        network.rain.tail.bias.zero_()
        silent = network(rainy)
    assert not silent.rain.any() and torch.equal(silent.detail, other.detail)


def test_context_is_carried_as_scipy_would() -> None:
    """From a quarter to half resolution by bilinear interpolation between the centres."""
    from scipy.ndimage import zoom

    context = lively(FIRST).detail.context
    assert context is not None
    features = noise(12, 10).expand(1, 3, 12, 10)[:, :1].expand(1, 8, 12, 10)
    with torch.no_grad():
        carried = context.carry(features)
        got = context(features)
    assert got.shape == (1, 8, 24, 20)
    expected = zoom(carried[0, 3].numpy(), 2, order=1, mode="nearest", grid_mode=True)
    np.testing.assert_allclose(got[0, 3].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("config", [QUARTER, FIRST], ids=["quarter", "first"])
def test_parts_hold_all_there_is_and_all_of_it_learns(config: DRDNetConfig) -> None:
    """What is frozen, taken over or saved by parts is the whole network, context included."""
    network = lively(config)
    held = {f"{part}.{n}" for part in config.parts for n in network.part(part).state_dict()}
    assert held == set(network.state_dict())
    other = DRDNet(config).eval()
    for part in config.parts:
        other.take_over(network, part)
    rainy = noise(config.size_multiple, config.size_multiple)
    with torch.no_grad():
        assert torch.equal(other(rainy).clean, network(rainy).clean)
        fresh = DRDNet(config).eval()(rainy)
    assert torch.equal(fresh.clean, rainy)
    layers = network.train()(rainy)
    (layers.clean.square().mean() + layers.coarse.square().mean()).backward()
    still = [n for n, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())]
    assert not still


def test_rain_branches_of_other_arrangements_are_taken_over() -> None:
    """How the detail branch is placed is no matter of the rain branch; its width is."""
    source = lively(SMALL)
    for config in (QUARTER, FIRST, dataclasses.replace(QUARTER, detail_channels=12)):
        network = DRDNet(config)
        network.take_over(source, "rain")
        for name, weight in source.rain.state_dict().items():
            assert torch.equal(network.rain.state_dict()[name], weight)
        with pytest.raises(ConfigError, match="another network"):
            network.take_over(source, "detail")
    with pytest.raises(ConfigError, match="another network"):
        DRDNet(dataclasses.replace(QUARTER, channels=12)).take_over(source, "rain")


def test_memory_follows_the_branch_with_the_larger_features() -> None:
    wide = [dataclasses.replace(QUARTER, detail_channels=c) for c in (8, 32, 64, 128)]
    bytes_ = [config.bytes_per_pixel for config in wide]
    assert bytes_[0] == bytes_[1] == SMALL.bytes_per_pixel
    assert all(a < b for a, b in pairwise(bytes_[1:]))


@pytest.mark.parametrize(
    "values",
    [
        {"detail_unshuffle": 3},
        {"detail_unshuffle": 16},
        {"detail_channels": -1},
        {"first": "both"},
        {"first": "detail", "detail_input": "coarse"},
        {"first": "detail", "detail_blocks": 0},
        {"first": "detail", "rain_blocks": 0},
        {"detail_input": "features", "detail_unshuffle": 4},
        {"detail_input": "features", "detail_channels": 12},
    ],
    ids=str,
)
def test_arrangements_that_cannot_be(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        DRDNetConfig.from_dict({**SMALL.to_dict(), **values})


def test_what_the_detail_branch_reads_is_centred() -> None:
    plain = lively(QUARTER)
    assert isinstance(plain, DRDNet)
    other = DRDNet(dataclasses.replace(QUARTER, detail_mean=0.45)).eval()
    other.load_state_dict(plain.state_dict())
    side = QUARTER.size_multiple
    rainy, coarse = noise(side, side), noise(side, side, 1)
    assert plain.detail is not None and other.detail is not None
    with torch.no_grad():
        expected, _ = plain.detail(rainy - 0.45, coarse - 0.45)
        got, _ = other.detail(rainy, coarse)
    torch.testing.assert_close(got, expected)
