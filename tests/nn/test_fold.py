"""Folding is exact, and the aggregation is the sum of kernels the method says it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.signal import convolve2d

from derain.nn import DRDNetConfig, preset
from derain.nn.context_aggregation import ContextAggregation
from derain.nn.drdnet_config import PRESETS
from tests.nn.test_networks import lively


def test_aggregation_is_concatenate_and_fuse() -> None:
    """Against the literal form of the release: concatenate the branches, then the 1x1."""
    torch.manual_seed(0)
    block = ContextAggregation(6, (1, 3, 5)).double()
    x = torch.rand(2, 6, 20, 20, dtype=torch.double)
    literal = block.fuse(torch.cat([branch(x) for branch in block.branches], dim=1))
    torch.testing.assert_close(block(x), literal, atol=1e-12, rtol=0)


def test_aggregation_is_one_sparse_kernel() -> None:
    """25 distinct taps of an 11x11 kernel, checked with SciPy's convolution."""
    torch.manual_seed(0)
    block = ContextAggregation(1, (1, 3, 5)).double()
    kernels, bias = block.composed()
    dense = np.zeros((11, 11))
    for kernel, d in zip(kernels, block.dilations, strict=True):
        dense[5 - d : 6 + d : d, 5 - d : 6 + d : d] += kernel[0, 0].detach().numpy()
    assert np.count_nonzero(dense) == 25
    x = np.random.default_rng(0).random((24, 24))
    expected = convolve2d(x, dense[::-1, ::-1], mode="same") + bias.item()
    got = block(torch.from_numpy(x)[None, None])[0, 0].detach().numpy()
    np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("name", PRESETS)
def test_folding_is_exact(name: str) -> None:
    network = lively(preset(name))
    folded = network.folded()
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
    assert not any(isinstance(m, ContextAggregation) for m in folded.modules())
    side = preset(name).size_multiple
    rainy = torch.rand(1, 3, side, 2 * side)
    with torch.no_grad():
        for before, after in zip(network(rainy), folded(rainy), strict=True):
            assert float((before - after).abs().max()) <= 1e-5


def test_folding_leaves_the_original_alone() -> None:
    network = lively(DRDNetConfig(channels=8, rain_blocks=1, detail_blocks=1, pool_window=6))
    before = {k: v.clone() for k, v in network.state_dict().items()}
    network.folded()
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())


def test_training_form_and_batch_norm_agree_in_eval_mode() -> None:
    """A batch-normalised aggregation folded by hand, in float64."""
    config = DRDNetConfig(channels=4, rain_blocks=1, detail_blocks=1, pool_window=6)
    network = lively(config)
    block, norm = network.detail.blocks[0].first, network.detail.blocks[0].norm1
    x = torch.rand(1, 4, 16, 16)
    expected = F.batch_norm(
        block(x), norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
    )
    got = network.folded().detail.blocks[0].first(x)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)
