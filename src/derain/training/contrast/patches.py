"""Patches of layers, and how they are made comparable, enlarged in number and mixed. All OURS."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.rain.draw import integer, uniform
from derain.rain.style import Range

FAINT = 0.01
"""Standard deviation below which a patch of a rain layer holds no rain."""
VISIBLE = 0.03
"""Standard deviation above which rain on a patch is surely seen: such a patch is a negative."""
_REACH = 3


def sample_patches(images: Tensor, count: int, side: int, generator: Generator) -> Tensor:
    """``count`` patches of each image at random places.

    Shape:
        (N, 3, H, W) -> (N * count, 3, side, side); gradients flow.
    """
    height, width = images.shape[-2:]
    patches = []
    for image in images:
        for _ in range(count):
            top, left = integer(0, height - side, generator), integer(0, width - side, generator)
            patches.append(image[:, top : top + side, left : left + side])
    return torch.stack(patches) if patches else images.new_zeros(0, 3, side, side)


def standardise(patches: Tensor, fine: bool) -> Tensor:
    """Without their mean, or without their 7x7 mean where ``fine``, over deviation plus 0.02.

    Rain is told by its structure, not by its brightness: otherwise an encoder only learns that rain
    is dark and photographs are not. On a photograph it is fine structure: with the coarse one left
    in, an encoder could not tell clean from rainy patches at all (research/journal/contrast.md).
    """
    if fine:
        padded = F.pad(patches, (_REACH,) * 4, mode="reflect")
        centred = patches - F.avg_pool2d(padded, 2 * _REACH + 1, 1)
    else:
        centred = patches - patches.mean(dim=(1, 2, 3), keepdim=True)
    # Under the root: a flat patch has no slope there.
    deviation = (centred.square().mean(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
    return centred / (deviation + 0.02)


def deviation(layer: Tensor) -> Tensor:
    """How much rain patches of a rain layer hold, (N, 3, S, S) -> (N,), without gradient."""
    return layer.detach().flatten(1).std(dim=1)


def augment(patches: Tensor, generator: Generator) -> Tensor:
    """More samples of one kind: each patch once as it is and once flipped, scaled, dimmed.

    Rain falls: patches are mirrored and shrunk or enlarged by up to a quarter, never turned.

    Shape:
        (N, 3, S, S) -> (2 N, 3, S, S).
    """
    if not len(patches):
        return patches
    side = patches.shape[-1]
    zoom, strength = (uniform(r, (1,), generator).item() for r in ((0.75, 1.25), (0.5, 1.25)))
    other = max(2, round(side * zoom))
    resized = F.interpolate(patches.flip(-1), (other, other), mode="bilinear", align_corners=False)
    short = side - other
    if short > 0:
        resized = F.pad(resized, (0, short, 0, short), mode="reflect")
    return torch.cat([patches, resized[..., :side, :side] * strength])


def mix_rain(clean: Tensor, rain: Tensor, strength: Range, generator: Generator) -> Tensor:
    """Hard negatives B + lambda R: clean pictures under a rain layer, lambda drawn for each.

    Those whose rain could not be seen are left out: they are no negatives.

    Args:
        clean: (N, 3, H, W) in [0, 1].
        rain: (M, 3, H, W), taken in turn.
        strength: Range of lambda, within (0, 1].
    """
    if not len(rain):
        return clean[:0]
    turned = rain[torch.arange(len(clean), device=clean.device) % len(rain)]
    lambdas = uniform(strength, (len(clean), 1, 1, 1), generator).to(clean)
    mixed = (clean + lambdas * turned).clamp(0, 1)
    return mixed[deviation(mixed - clean) > VISIBLE]
