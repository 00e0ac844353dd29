"""Contracts every network keeps: sizes, layers, independence of tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from derain.errors import ConfigError
from derain.nn import DRDNet, DRDNetConfig, macs_per_pixel, pad_to_multiple, preset
from derain.nn.blocks import SqueezeExcitation
from derain.nn.drdnet import Context, Trunk
from derain.nn.drdnet_config import PRESETS

SMALL = {"rain_blocks": 2, "detail_blocks": 2}


def lively(config: DRDNetConfig, seed: int = 0) -> DRDNet:
    """A network whose tails and statistics are not at their start, in eval mode."""
    torch.manual_seed(seed)
    network = DRDNet(config)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    for module in network.modules():
        if isinstance(module, Trunk):
            torch.nn.init.normal_(module.tail.weight, std=0.02)
        if isinstance(module, Context):
            torch.nn.init.normal_(module.carry.weight, std=0.1)
    return network.eval()


def test_paper_preset_has_the_published_size() -> None:
    network = DRDNet(preset("paper"))
    assert sum(p.numel() for p in network.parameters()) == 5_221_766
    assert sum(p.numel() for p in network.rain.parameters()) == 1_235_651


def test_paper_receptive_fields() -> None:
    """71 px and 327 px in diameter: what a change of one pixel reaches, no further."""
    network = lively(preset("paper")).double()
    assert preset("paper").receptive_radius == 163
    with torch.no_grad():
        # Pools see everything, so they are taken out to look at the convolutions alone.
        for block in network.rain.blocks:
            block.attention = torch.nn.Identity()
        still = torch.zeros(1, 3, 96, 96, dtype=torch.double)
        moved = still.clone()
        moved[..., 48, 48] = 1
        difference = (network.rain(moved)[0] - network.rain(still)[0]).abs().sum(dim=(0, 1))
    rows = difference.sum(1).nonzero().flatten()
    assert int(rows[-1] - rows[0]) + 1 == 71


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("training", [True, False])
def test_layers_add_up(name: str, training: bool) -> None:
    network = lively(preset(name)).train(training)
    side = preset(name).size_multiple
    rainy = torch.rand(1, 3, side, 2 * side)
    with torch.no_grad():
        layers = network(rainy)
    for layer in layers:
        assert layer.shape == rainy.shape
        assert layer.dtype == torch.float32
    torch.testing.assert_close(layers.coarse, rainy - layers.rain)
    torch.testing.assert_close(layers.clean, rainy - layers.rain + layers.detail)


def test_sizes_that_do_not_fit_are_refused() -> None:
    network = DRDNet(preset("fast")).eval()
    with pytest.raises(ValueError, match="multiple of 48"):
        network(torch.rand(1, 3, 33, 64))


def test_the_skip_is_added_in_float32() -> None:
    network = lively(preset("fast"))
    rainy = torch.rand(1, 3, 48, 48)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        layers = network(rainy)
    assert layers.clean.dtype == torch.float32
    torch.testing.assert_close(layers.clean, rainy - layers.rain + layers.detail)


def test_a_fresh_network_changes_nothing() -> None:
    network = DRDNet(preset("base")).eval()
    rainy = torch.rand(1, 3, 48, 48)
    with torch.no_grad():
        assert torch.equal(network(rainy).clean, rainy)


def test_gates_see_a_window_and_not_the_picture() -> None:
    """Far content must not reach a pixel through the pool; a global pool fails this."""
    torch.manual_seed(0)
    attention = SqueezeExcitation(8, 4, cell=4).eval()
    x = torch.rand(1, 8, 80, 16)
    y = x.clone()
    y[:, :, 60:] += 5
    with torch.no_grad():
        near, far = attention(x), attention(y)
    assert torch.equal(near[:, :, :40], far[:, :, :40])
    assert not torch.equal(near[:, :, 60:] / x[:, :, 60:], far[:, :, 60:] / y[:, :, 60:])
    attention.train()
    with torch.no_grad():
        assert not torch.allclose(attention(x)[:, :, :40], attention(y)[:, :, :40])


def test_gates_of_a_small_picture_are_the_global_ones() -> None:
    """On one cell the windowed pool is the global pool of training."""
    torch.manual_seed(0)
    attention = SqueezeExcitation(8, 4, cell=16)
    x = torch.rand(2, 8, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(attention.train()(x), attention.eval()(x))


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (31, 33), (64, 32)])
def test_padding_reflects(size: tuple[int, int]) -> None:
    image = torch.rand(1, 3, *size)
    padded = pad_to_multiple(image, 32)
    assert padded.shape[-2] % 32 == 0
    assert padded.shape[-1] % 32 == 0
    assert torch.equal(padded[..., : size[0], : size[1]], image)
    if 32 > size[0] > 1:
        assert torch.equal(padded[..., size[0], : size[1]], image[..., size[0] - 2, :])


@pytest.mark.parametrize(
    "values",
    [
        {"channels": 0},
        {"unshuffle": 3},
        {"norm": "layer"},
        {"pool_window": 10},
        {"dilations": ()},
        {"mirrors": 3},
    ],
)
def test_impossible_configurations_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        DRDNetConfig.from_dict({**preset("fast").to_dict(), **values})


@pytest.mark.parametrize("mirrors", [1, 2, 4])
def test_layers_are_averaged_over_mirrors(mirrors: int) -> None:
    """In eval mode as NumPy's flips and means say; in training mode the picture is seen once."""
    single = lively(replace(preset("fast"), **SMALL))
    network = DRDNet(replace(single.config, mirrors=mirrors)).eval()
    network.load_state_dict(single.state_dict())
    rainy = torch.rand(1, 3, 48, 96)
    axes = [(), (3,), (2,), (2, 3)][:mirrors]
    with torch.no_grad():
        layers = network(rainy)
        turned = [
            [
                np.flip(layer.numpy(), a)
                for layer in single(torch.from_numpy(np.flip(rainy.numpy(), a).copy()))
            ]
            for a in axes
        ]
        for layer, *expected in zip(layers, *turned, strict=True):
            np.testing.assert_allclose(layer.numpy(), np.mean(expected, axis=0), atol=1e-6)
        assert torch.equal(network.train()(rainy).clean, single.train()(rainy).clean)
    costs = [macs_per_pixel(n) for n in (network, single)]
    assert costs[0] == pytest.approx(mirrors * costs[1], rel=1e-3)


def test_configuration_round_trip() -> None:
    for name in PRESETS:
        assert DRDNetConfig.from_dict(preset(name).to_dict()) == preset(name)
    with pytest.raises(ConfigError, match="width"):
        DRDNetConfig.from_dict({"width": 3})
    with pytest.raises(ConfigError, match="known: paper"):
        preset("huge")


SMALLEST = {"channels": 8, "rain_blocks": 1, "detail_blocks": 1, "pool_window": 6}


@pytest.mark.parametrize("reads", ["rainy", "coarse", "both", "features"])
def test_the_detail_branch_reads_what_it_is_told_to(reads: str) -> None:
    """A change of O, of the coarse picture or of R's features arrives where it should, alone."""
    config = DRDNetConfig.from_dict({**SMALLEST, "detail_input": reads, "norm": "none"})
    network = lively(config)
    pictures, features = torch.rand(2, 1, 3, 12, 12), torch.rand(1, 8, 12, 12)

    def detail(*changed: str) -> torch.Tensor:
        rainy, coarse = (
            p * (name in changed) for p, name in zip(pictures, ("O", "C"), strict=True)
        )
        with torch.no_grad():
            layer, _ = network.detail(rainy, coarse, before=features * ("F" in changed))
        return layer

    arrives = {name for name in "OCF" if not torch.equal(detail(name), detail())}
    expected = {"rainy": "O", "coarse": "C", "both": "OC", "features": "OF"}
    assert arrives == set(expected[reads])


def test_without_a_detail_branch_the_coarse_picture_is_the_clean_one() -> None:
    network = lively(DRDNetConfig.from_dict({**SMALLEST, "detail_blocks": 0}))
    with torch.no_grad():
        layers = network(torch.rand(1, 3, 12, 12))
    assert torch.equal(layers.clean, layers.coarse) and not layers.detail.any()
    assert not any(name.startswith("detail") for name in network.state_dict())


def test_without_a_rain_branch_it_repairs_what_it_is_given() -> None:
    config = DRDNetConfig.from_dict({**SMALLEST, "rain_blocks": 0, "detail_input": "coarse"})
    network = lively(config)
    rainy, coarse = torch.rand(2, 1, 3, 12, 12)
    with torch.no_grad():
        layers = network(rainy, coarse)
        expected, _ = network.detail(rainy, coarse)
    torch.testing.assert_close(layers.clean, coarse + expected)
    torch.testing.assert_close(layers.rain, rainy - coarse)
    with pytest.raises(ValueError, match="another derainer's picture is needed"):
        network(rainy)
    with pytest.raises(ConfigError, match="needs a rain branch"):
        DRDNetConfig.from_dict({**SMALLEST, "rain_blocks": 0, "detail_input": "features"})
    with pytest.raises(ConfigError, match="neither"):
        DRDNetConfig(rain_blocks=0, detail_blocks=0)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_grown_branch_starts_as_the_shallow_one_and_learns(norm: str) -> None:
    shallow = lively(DRDNetConfig.from_dict({**SMALLEST, "norm": norm}))
    config = DRDNetConfig.from_dict(
        {**SMALLEST, "rain_blocks": 3, "detail_blocks": 2, "norm": norm}
    )
    deep = DRDNet(config).eval()
    for name in ("rain", "detail"):
        deep.get_submodule(name).grow(shallow.get_submodule(name).state_dict())
    rainy = torch.rand(1, 3, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(deep(rainy).clean, shallow(rainy).clean)
        # In training, too, where batches have their own statistics.
        torch.testing.assert_close(deep.train()(rainy).clean, shallow.train()(rainy).clean)
    deep(rainy).clean.sum().backward()
    new = [p.grad.abs().sum() for p in deep.rain.blocks[2].parameters() if p.grad is not None]
    assert sum(new) > 0
    with pytest.raises(RuntimeError, match="not a branch of this form"):
        deep.rain.grow(shallow.detail.state_dict())
