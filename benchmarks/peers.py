"""Other derainers' pace beside ours, in one run: networks of their published shapes.

    python -m benchmarks.peers [--side 480] [--engines onnxruntime openvino]

Pace does not depend on what weights say, so theirs are random and nothing has to be fetched. Each
network takes one square picture, whole, the best of three times; memory is left out, since all are
in one process. PReNet: Ren et al., CVPR 2019 (arXiv 1901.09221). Restormer: Zamir et al., CVPR 2022
(arXiv 2111.09881). Written from the papers; ``main`` checks their published numbers of parameters.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.engines import engine, timed
from derain import load_torch

PUBLISHED = {"PReNet": 168_963, "Restormer": 26_126_644}


class PReNet(nn.Module):
    """Six passes through one recurrent network of five residual blocks, 32 channels."""

    def __init__(self, passes: int = 6, channels: int = 32) -> None:
        super().__init__()
        c, self.passes = channels, passes
        self.head = nn.Conv2d(6, c, 3, padding=1)
        self.gates = nn.Conv2d(2 * c, 4 * c, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.ReLU()
            )
            for _ in range(5)
        )
        self.tail = nn.Conv2d(c, 3, 3, padding=1)

    def forward(self, rainy: Tensor) -> Tensor:
        clean = rainy
        head = F.relu(self.head(torch.cat([rainy, clean], 1)))
        state = cell = torch.zeros_like(head)
        for index in range(self.passes):
            if index:
                head = F.relu(self.head(torch.cat([rainy, clean], 1)))
            enter, forget, new, leave = self.gates(torch.cat([head, state], 1)).chunk(4, 1)
            cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
            state = features = leave.sigmoid() * cell.tanh()
            for block in self.blocks:
                features = F.relu(block(features) + features)
            clean = rainy + self.tail(features)
        return clean


class _Norm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return y


class _Transformer(nn.Module):
    """Attention between channels, then a gated feed-forward network."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        c, self.heads, hidden = channels, heads, int(channels * 2.66)
        self.norm1, self.norm2 = _Norm(c), _Norm(c)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.read = nn.Sequential(
            nn.Conv2d(c, 3 * c, 1, bias=False),
            nn.Conv2d(3 * c, 3 * c, 3, padding=1, groups=3 * c, bias=False),
        )
        self.write = nn.Conv2d(c, c, 1, bias=False)
        self.widen = nn.Sequential(
            nn.Conv2d(c, 2 * hidden, 1, bias=False),
            nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False),
        )
        self.narrow = nn.Conv2d(hidden, c, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        asked, keys, values = (
            part.reshape(n, self.heads, c // self.heads, h * w)
            for part in self.read(self.norm1(x)).chunk(3, 1)
        )
        weights = F.normalize(asked, dim=-1) @ F.normalize(keys, dim=-1).transpose(-2, -1)
        mixed = (weights * self.temperature).softmax(-1) @ values
        x = x + self.write(mixed.reshape(n, c, h, w))
        gate, passed = self.widen(self.norm2(x)).chunk(2, 1)
        y: Tensor = x + self.narrow(F.gelu(gate) * passed)
        return y


def _stage(channels: int, heads: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(_Transformer(channels, heads) for _ in range(depth)))


class Restormer(nn.Module):
    """Four levels of transformer blocks, an encoder and a decoder with skips, 48 channels."""

    def __init__(self, channels: int = 48, depths: Sequence[int] = (4, 6, 6, 8)) -> None:
        super().__init__()
        widths, heads = [channels * 2**level for level in range(4)], (1, 2, 4, 8)
        self.head = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.down = nn.ModuleList(
            _stage(*level) for level in zip(widths, heads, depths, strict=True)
        )
        self.shrink = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, c // 2, 3, padding=1, bias=False), nn.PixelUnshuffle(2))
            for c in widths[:3]
        )
        self.grow = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, 2 * c, 3, padding=1, bias=False), nn.PixelShuffle(2))
            for c in widths[:0:-1]
        )
        # At full size the skip is not narrowed again.
        self.join = nn.ModuleList(
            [nn.Conv2d(2 * c, c, 1, bias=False) for c in widths[2:0:-1]] + [nn.Identity()]
        )
        wide = [widths[2], widths[1], widths[1]]
        self.up = nn.ModuleList(
            _stage(*level) for level in zip(wide, heads[2::-1], depths[2::-1], strict=True)
        )
        self.refine = _stage(widths[1], 1, 4)
        self.tail = nn.Conv2d(widths[1], 3, 3, padding=1, bias=False)

    def forward(self, rainy: Tensor) -> Tensor:
        x, skips = self.head(rainy), []
        for level, shrink in zip(self.down[:3], self.shrink, strict=True):
            x = level(x)
            skips.append(x)
            x = shrink(x)
        x = self.down[3](x)
        for grow, join, level in zip(self.grow, self.join, self.up, strict=True):
            x = level(join(torch.cat([grow(x), skips.pop()], 1)))
        clean: Tensor = rainy + self.tail(self.refine(x))
        return clean


class _Ours(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        network = load_torch(name)
        self.count = sum(weight.numel() for weight in network.parameters())
        self.network = network.folded()

    def forward(self, rainy: Tensor) -> Tensor:
        clean: Tensor = self.network(rainy).clean
        return clean


def networks() -> dict[str, nn.Module]:
    """Name -> a network that takes a picture and gives one.

    Raises:
        AssertionError: A peer has not its published number of parameters.
    """
    peers = {"PReNet": PReNet(), "Restormer": Restormer()}
    for name, peer in peers.items():
        count = sum(weight.numel() for weight in peer.parameters())
        assert count == PUBLISHED[name], f"{name}: {count} parameters, not {PUBLISHED[name]}"
    return {"`fast`": _Ours("fast"), "`base`": _Ours("base"), **peers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=480, help="of the picture, a multiple of 96")
    parser.add_argument("--engines", nargs="+", default=["onnxruntime", "openvino"])
    options = parser.parse_args()
    picture = torch.rand(1, 3, options.side, options.side)
    megapixels = options.side**2 / 1e6
    print("| network | engine | parameters | million multiplications a pixel | s/MP | of `fast` |")
    print("|---|---|---|---|---|---|")
    first: dict[str, float] = {}
    for name, network in networks().items():
        network.eval()
        count = network.count if isinstance(network, _Ours) else PUBLISHED[name]
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            network(picture[..., :96, :96])
        work = counter.get_total_flops() / 2 / 96**2 / 1e6
        for kind in options.engines:
            run = engine(network, picture, kind)
            run()
            pace = min(timed(run) for _ in range(3)) / megapixels
            share = pace / first.setdefault(kind, pace)
            print(
                f"| {name} | {kind} | {count / 1e6:.2f} M | {work:.3f} | {pace:.2f} "
                f"| {share:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
