"""What a network costs, against what papers say and what can be counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from derain.errors import ConfigError
from derain.nn import Network, build_network, macs_per_pixel, preset
from derain.nn.gate import GateConfig
from derain.nn.nafnet import NAFNetConfig

SIDE = GateConfig().size_multiple
PIXELS = SIDE**2


class Around(Network):
    """A network of one layer, which reads the picture as (1, ``PIXELS``, 3) or as it is."""

    config: GateConfig

    def __init__(self, layer: nn.Module, tokens: bool) -> None:
        super().__init__()
        self.config, self.layer, self.tokens = GateConfig(), layer, tokens

    def once(self, rainy: Tensor, coarse: Tensor | None = None) -> tuple[Tensor, Tensor]:
        self.layer(rainy.flatten(2).transpose(1, 2) if self.tokens else rainy)
        return rainy, rainy


class Attention(nn.Module):
    """Eight channels of every pixel look at every pixel, by matrices or by the fused kernel."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.three, self.fused = nn.Linear(3, 24, bias=False), fused

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.three(x)[:, None].chunk(3, dim=-1)
        if self.fused:
            return F.scaled_dot_product_attention(q, k, v)
        weights: Tensor = (q @ k.transpose(-1, -2)).softmax(-1) @ v
        return weights


class Biased(nn.Module):
    """A table that is looked up, moved and added: no multiplication."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(5, 3))
        self.register_buffer("place", torch.zeros(PIXELS, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[self.place].view(1, PIXELS, 3).clone()


class Composed(nn.Module):
    """Two 1x1 convolutions whose weights are read, and no layer is called."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(x, self.first.weight), self.second.weight)


class Distances(nn.Module):
    """How far each pixel is from eight colours."""

    def __init__(self) -> None:
        super().__init__()
        self.colours = nn.Parameter(torch.zeros(8, 3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cdist(x, self.colours[None])


class Bilinear(nn.Module):
    """A bilinear form, which is one operation of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.form = nn.Bilinear(3, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.form(x, x)
        return found


class Heads(nn.Module):
    """PyTorch's own attention of every pixel to every pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(3, 1, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.layer(x, x, x)[0]
        return found


@pytest.mark.parametrize(
    ("layer", "tokens", "macs"),
    [
        (lambda: nn.Conv2d(3, 8, 3, padding=1), False, 3 * 8 * 9),
        (lambda: nn.Conv2d(3, 9, 3, padding=1, groups=3), False, 9 * 9),
        (lambda: nn.Conv2d(3, 8, 2, 2), False, 3 * 8),  # 4 taps at a quarter of the places
        (lambda: nn.ConvTranspose2d(3, 5, 2, 2), False, 3 * 5 * 4),
        (lambda: nn.Linear(3, 7), True, 3 * 7),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 6)), True, 12 + 24),
        (lambda: Attention(False), True, 3 * 24 + 2 * 8 * PIXELS),
        (lambda: Attention(True), True, 3 * 24 + 2 * 8 * PIXELS),
        (Heads, True, 4 * 9 + 2 * 3 * PIXELS),
        (Composed, False, 12 + 20),
        (Biased, True, 0),
        (lambda: nn.Sequential(nn.LayerNorm(3), nn.PReLU()), True, 0),
        (lambda: nn.BatchNorm2d(3), False, 0),
    ],
    ids=[
        "convolution", "depthwise", "stride", "transposed", "linear", "mlp", "attention",
        "fused-attention", "multihead", "composed", "table", "norm", "batch-norm",
    ],
)  # fmt: skip
def test_every_layer_is_counted(layer: Callable[[], nn.Module], tokens: bool, macs: int) -> None:
    network = Around(layer(), tokens)
    assert macs_per_pixel(network) == macs


@pytest.mark.parametrize("layer", [Distances, Bilinear])
def test_what_is_not_known_is_refused(layer: Callable[[], nn.Module]) -> None:
    with pytest.raises(ConfigError, match=r"the cost of aten\.\w+ with weights is not known"):
        macs_per_pixel(Around(layer(), True))


def test_nafnet_costs_what_its_paper_says() -> None:
    """65 G for 256x256 pixels (Chen et al., ECCV 2022), with normalisation, which is not ours."""
    sizes = NAFNetConfig(
        channels=64, encoder=(1, 1, 1, 28), middle=1, decoder=(1, 1, 1, 1), cell=48
    )
    with torch.device("meta"):
        network = build_network(sizes)
    assert macs_per_pixel(network) * 256**2 == pytest.approx(65e9, rel=0.03)


def test_a_mirror_costs_as_much_again() -> None:
    once = preset("fast")
    costs = [macs_per_pixel(build_network(replace(once, mirrors=n))) for n in (1, 2, 4)]
    assert costs[1] == pytest.approx(2 * costs[0], abs=1) and costs[2] == pytest.approx(
        4 * costs[0], abs=2
    )


def test_a_detail_branch_behind_another_costs_less() -> None:
    whole, alone = preset("base"), preset("base").behind_another()
    assert 0 < macs_per_pixel(build_network(alone)) < macs_per_pixel(build_network(whole)) / 2
