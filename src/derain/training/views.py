"""How a picture is shown to the network: at which size, turned how far, how sharp.

A photograph is sharp at pixel level only at its own size. A network that knows sharp pictures alone
takes the coarse structure of an enlarged one for rain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.rain.draw import chance, integer, log_uniform, uniform
from derain.training.config import ViewConfig
from derain.training.patches import crop

_DEFOCUS = (0.6, 4.0)  # pixels, standard deviation


def view(
    images: Sequence[Tensor], patch: int, config: ViewConfig, generator: Generator
) -> list[Tensor]:
    """The same patch of pictures of one size, shown as the configuration says.

    Args:
        images: Each (3, H, W) uint8; a pair is resized, turned and blurred alike.
        patch: Side of the patch.
        config: Shares and ranges.
        generator: On the CPU.

    Returns:
        Each (3, patch, patch) float32 in [0, 1].
    """
    height, width = images[0].shape[-2:]
    zoom = turn = 0.0
    if bool(chance(config.resized, 1, generator)):
        zoom = math.log(log_uniform(config.sizes, generator))
    if bool(chance(config.turned, 1, generator)):
        turn = math.radians(float(uniform((-180.0, 180.0), (1,), generator)))
    # A turned patch is the middle of a larger one.
    side = math.ceil(patch * (abs(math.cos(turn)) + abs(math.sin(turn)))) + (2 if turn else 0)
    zoom = max(math.exp(zoom), side / min(height, width)) if zoom < 0 else math.exp(zoom)
    cut = max(8, round(side / zoom))
    patches = [part.float() / 255 for part in crop(images, cut, generator)]
    if cut != side:
        patches = [_resized(part, side) for part in patches]
    if turn:
        patches = [_turned(part, turn, patch) for part in patches]
    if bool(chance(config.defocused, 1, generator)):
        deviation = log_uniform(_DEFOCUS, generator)
        patches = [_blurred(part, deviation) for part in patches]
    return patches


def quarter(images: Sequence[Tensor], generator: Generator) -> list[Tensor]:
    """The same quarter turn and mirror image of patches, each (3, S, S)."""
    turns, mirrored = integer(0, 3, generator), integer(0, 1, generator)
    turned = [image.rot90(turns, (-2, -1)) for image in images]
    return [image.flip(-1) for image in turned] if mirrored else turned


def _resized(image: Tensor, side: int) -> Tensor:
    shrinks = side < image.shape[-1]
    resized = F.interpolate(
        image[None], (side, side), mode="bicubic", align_corners=False, antialias=shrinks
    )
    return resized[0].clamp(0, 1)


def _turned(image: Tensor, angle: float, patch: int) -> Tensor:
    share = patch / image.shape[-1]
    cos, sin = math.cos(angle) * share, math.sin(angle) * share
    grid = F.affine_grid(
        torch.tensor([[[cos, -sin, 0.0], [sin, cos, 0.0]]]), [1, 3, patch, patch], False
    )
    turned = F.grid_sample(
        *(image[None], grid.to(image.device)),
        mode="bicubic",
        padding_mode="reflection",
        align_corners=False,
    )
    return turned[0].clamp(0, 1)


def _blurred(image: Tensor, deviation: float) -> Tensor:
    reach = min(math.ceil(2.5 * deviation), image.shape[-1] - 1)
    axis = torch.arange(-reach, reach + 1, dtype=torch.float32, device=image.device)
    taps = torch.exp(-0.5 * (axis / deviation) ** 2)
    taps = (taps / taps.sum()).expand(3, 1, 1, -1)
    padded = F.pad(image[None], (reach,) * 4, mode="reflect")
    rows = F.conv2d(padded, taps, groups=3)
    return F.conv2d(rows, taps.transpose(-1, -2), groups=3)[0]
