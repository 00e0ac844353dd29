"""A photo cut into tiles gives the whole photo's result, for every preset, tile and size."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from derain import Derainer, OutOfMemoryError
from derain.export.halo import measure_halo
from derain.nn import DRDNet, preset
from derain.nn.drdnet_config import PRESETS, DRDNetConfig
from derain.restore.backends import Planes, TileTooLarge
from derain.restore.engine import Engine
from derain.restore.tiles import Box, cuts, fitting_window, ramp
from derain.zoo import ModelCard, load_model
from tests.nn.test_networks import lively

Pixels = NDArray[np.uint8]
LEVEL = 1 / 255
LARGE = 1 << 40


class Network:
    """A torch network as a backend."""

    name, device, precision = "network", "cpu", "float32"

    def __init__(self, network: DRDNet, limit: int | None = None) -> None:
        self.network, self.limit, self.calls = network, limit, 0

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        self.calls += 1
        if self.limit is not None and rainy.shape[1] * rainy.shape[2] > self.limit:
            raise TileTooLarge
        with torch.no_grad():
            layers = self.network(torch.from_numpy(np.ascontiguousarray(rainy))[None])
        return layers.rain[0].numpy(), layers.detail[0].numpy()

    def in_float32(self) -> Network:
        return self


def planes(image: Pixels) -> Planes:
    return np.ascontiguousarray(np.moveaxis(image, 2, 0)).astype(np.float32) / 255


def cut(image: Planes, box: Box) -> Planes:
    return np.ascontiguousarray(image[:, box.top : box.bottom, box.left : box.right])


def walk(engine: Engine, image: Planes) -> Planes:
    clean = [
        image[:, b.top : b.top + b.rain.shape[1]] - b.rain + b.detail
        for b in engine.bands(lambda box: cut(image, box), *image.shape[1:])
    ]
    assert sum(rows.shape[1] for rows in clean) == image.shape[1]
    return np.concatenate(clean, axis=1)


def card_for(network: DRDNet) -> ModelCard:
    config = network.config
    return dataclasses.replace(
        load_model("fast").card,
        size_multiple=config.size_multiple,
        halo=measure_halo(network),
        bytes_per_pixel=config.bytes_per_pixel,
    )


def _small(name: str) -> DRDNetConfig:
    """A preset with one block a branch and small pools: the same parts, a third of the reach."""
    return dataclasses.replace(preset(name), rain_blocks=1, detail_blocks=1, pool_window=24)


@pytest.mark.parametrize("name", ["base", "fast"])
@pytest.mark.parametrize("tile", [32, 96, 160])
def test_shipped_models(name: str, tile: int, photo: Pixels, rainy: Pixels) -> None:
    whole = Derainer(name, backend="onnxruntime", tile=4096)
    tiled = Derainer(name, backend="onnxruntime", tile=tile)
    cut = {32: np.s_[:130, :141], 96: np.s_[:200, :290], 160: np.s_[:, :400]}[tile]
    levels, unit = rainy[:243, :197][cut], photo[cut].astype(np.float32) / 255
    assert np.abs(tiled(levels).astype(int) - whole(levels)).max() <= 1
    assert np.abs(tiled(unit) - whole(unit)).max() <= 0.5 * LEVEL


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_with_random_weights(name: str, photo: Pixels) -> None:
    """Weights as they come, not only those of a trained network: the halo is measured on each."""
    network = lively(_small(name))
    card = card_for(network)
    image = planes(photo)[:, :200, :290]
    whole = walk(Engine(Network(network), card, LARGE, tile=4096), image)
    for tile in (64, 128):
        tiled = walk(Engine(Network(network), card, LARGE, tile=tile), image)
        assert np.abs(tiled - whole).max() <= LEVEL


def test_a_global_pool_fails(photo: Pixels) -> None:
    """The same network with the pool of training: tiles are seen, and no halo helps."""
    network = lively(preset("fast"))
    for block in network.rain.blocks:
        torch.nn.init.normal_(block.attention.squeeze.weight, std=1)
        torch.nn.init.normal_(block.attention.excite.weight, std=1)
        torch.nn.init.normal_(block.second.weight, std=0.1)
    multiple = network.config.size_multiple
    card = dataclasses.replace(load_model("fast").card, halo=192, size_multiple=multiple)
    image = np.tile(planes(photo)[:, :240, :240], (1, 2, 1))  # whole cells of the pools
    image[:, 240:] *= 0.1

    def worst() -> float:
        whole = walk(Engine(Network(network), card, LARGE, tile=4096), image)
        tiled = walk(Engine(Network(network), card, LARGE, tile=128), image)
        return float(np.abs(tiled - whole).max() / np.abs(whole - image).max())

    local = worst()
    for block in network.rain.blocks:
        block.attention.train()
    assert worst() > 10 * local


@settings(max_examples=200, deadline=None)
@given(
    size=st.integers(1, 700),
    window=st.integers(1, 300),
    multiple=st.sampled_from([2, 8, 32]),
    halos=st.integers(0, 4),
)
def test_cuts_and_ramps(size: int, window: int, multiple: int, halos: int) -> None:
    halo = halos * multiple
    borders = cuts(size, window, halo, multiple)
    assert borders[0] == 0
    assert borders[-1] == size
    assert all(b % multiple == 0 for b in borders[:-1])
    windows = [min(size, b + halo) - max(0, a - halo) for a, b in pairwise(borders)]
    assert max(windows) <= max(window, multiple + 2 * halo)
    assert len({b - a for a, b in pairwise(borders[1:-1])}) <= 1
    total = np.zeros(size)
    feather = multiple // 2
    for low, high in pairwise(borders):
        assert low < high
        total[max(0, low - feather) : high + feather] += ramp(low, high, size, feather)
    np.testing.assert_allclose(total, 1, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 150), width=st.integers(1, 150), tile=st.sampled_from([32, 64]))
def test_bands_cover_every_pixel_once(height: int, width: int, tile: int) -> None:
    class Echo:
        name, device, precision = "echo", "cpu", "float32"

        def run(self, rainy: Planes) -> tuple[Planes, Planes]:
            return rainy * 0, rainy * 0.5

        def in_float32(self) -> Echo:
            return self

    image = np.random.default_rng(0).random((3, height, width), np.float32)
    card = dataclasses.replace(load_model("fast").card, halo=32)
    got = walk(Engine(Echo(), card, LARGE, tile=tile), image)
    np.testing.assert_allclose(got, image * 1.5, atol=1e-6)


@pytest.mark.parametrize("limit", [320 * 320, 240 * 240])
def test_memory_that_runs_short_halves_the_tile(limit: int, rainy: Pixels) -> None:
    network = lively(_small("fast"))
    card = card_for(network)
    image = np.tile(planes(rainy), (1, 2, 2))[:, :420, :500]
    whole = walk(Engine(Network(network), card, LARGE, tile=4096), image)
    backend = Network(network, limit)
    short = walk(Engine(backend, card, LARGE, tile=4096), image)
    assert np.abs(short - whole).max() <= LEVEL
    assert backend.calls > 4


def test_halves_are_not_joined_again(rainy: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is short, a second copy of a tile's layers may not fit either."""
    network = lively(_small("fast"))
    engine = Engine(Network(network, 240 * 240), card_for(network), LARGE, tile=4096)
    image, joined = planes(rainy), np.concatenate

    def short(parts: list[Planes], axis: int = 0) -> Planes:
        if axis:
            raise MemoryError
        return joined(parts, axis)

    monkeypatch.setattr(np, "concatenate", short)
    clean = [(b.top, b.rain.shape[1]) for b in engine.bands(lambda box: cut(image, box), 256, 256)]
    assert clean == [(0, 256)]


def test_a_tile_keeps_within_the_budget(rainy: Pixels) -> None:
    card = load_model("fast").card
    image = np.tile(planes(rainy), (1, 3, 4))

    def largest(budget: int, tile: int) -> int:
        class Watching(Network):
            name, device, precision = "watching", "cpu", "float32"
            most = 0

            def __init__(self) -> None: ...

            def run(self, rainy: Planes) -> tuple[Planes, Planes]:
                self.most = max(self.most, rainy.shape[1] * rainy.shape[2])
                return rainy * 0, rainy * 0

        backend = Watching()
        walk(Engine(backend, card, budget * card.bytes_per_pixel, tile=tile), image)
        return backend.most

    multiple = card.size_multiple
    whole = -(-1024 // multiple) * multiple
    assert largest(10**9, 0) == largest(10**9, 5000) == 768 * whole
    assert largest(400_000, 5000) <= 400_000
    assert largest(400_000, 64) == (64 // multiple * multiple + 2 * card.halo) ** 2


def test_memory_for_nothing_is_an_error(rainy: Pixels) -> None:
    engine = Engine(Network(lively(preset("fast")), limit=0), load_model("fast").card, 1)
    with pytest.raises(OutOfMemoryError, match="smaller --model"):
        walk(engine, planes(rainy))


@pytest.mark.parametrize("size", [(10, 10), (321, 481), (3000, 4000), (4000, 300), (6000, 8000)])
def test_windows_fit_the_budget_and_a_larger_one_never_costs_more(size: tuple[int, int]) -> None:
    height, width = size
    halo, multiple = 128, 32
    costs = []
    for pixels in (150_000, 400_000, 1_000_000, 3_000_000, 60_000_000):
        down, across = fitting_window(height, width, pixels, halo, multiple)
        assert down * across <= pixels
        rows, columns = cuts(height, down, halo, multiple), cuts(width, across, halo, multiple)
        seams = (len(rows) - 2, len(columns) - 2)
        costs.append((height + 2 * halo * seams[0]) * (width + 2 * halo * seams[1]))
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == height * width


def test_no_budget_gives_the_smallest_window() -> None:
    assert fitting_window(3000, 4000, 1, 128, 32) == (288, 288)


class Both:
    """Hands out one array, which it does not own, as both layers."""

    name, device, precision = "both", "cpu", "float32"

    def run(self, rainy: Pixels) -> tuple[Pixels, Pixels]:
        layer = np.broadcast_to(np.float32(0.25), rainy.shape)
        return layer, layer

    def in_float32(self) -> Both:
        return self


def test_what_a_backend_gives_is_left_as_it_is() -> None:
    """At borders between tiles, where layers fade into each other."""
    rainy = np.full((300, 300, 3), 128, np.uint8)
    for tile in (0, 144):
        clean, rain, detail = Derainer("fast", backend=Both(), tile=tile).separate(rainy)
        assert np.array_equal(clean, rainy)
        assert np.abs(rain - 0.25).max() < 1e-6
        assert np.array_equal(rain, detail)
