"""Scores on held-out scenes, in eval mode, as the shipped tool would compute them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import fmean

import torch
from torch import Tensor

from derain.adapters import Derain
from derain.data import spread
from derain.metrics import capped_psnr, enlarge, ssim, turn
from derain.nn import Network, pad_to_multiple
from derain.tensors import Pixels, to_pixels, to_tensor
from derain.training.config import ValidationConfig
from derain.training.dataset import Loaded

PROTOCOLS = ("matlab-y", "rgb")


@dataclass(frozen=True)
class Scored:
    """One held-out picture with its scores."""

    source: str
    name: str
    rainy: Pixels
    clean: Pixels
    restored: Pixels
    scores: dict[str, float]


@torch.no_grad()
def restore(
    network: Network, image: Pixels, device: torch.device, first: Derain | None = None
) -> tuple[Pixels, Pixels]:
    """(H, W, 3) uint8 -> clean and coarse, by a network in eval mode in float32, rounded.

    ``first`` gives the coarse picture where the network has no rain branch.
    """
    height, width = image.shape[:2]

    def padded(pixels: Pixels) -> Tensor:
        return pad_to_multiple(to_tensor(pixels, device), network.config.size_multiple)

    layers = network(padded(image), padded(first(image)) if first else None)
    both = torch.cat([layers.clean, layers.coarse])[..., :height, :width]
    clean, coarse = to_pixels(both)
    return clean, coarse


def validate(
    network: Network,
    loaded: Loaded,
    limit: int,
    device: torch.device,
    first: Derain | None = None,
    views: ValidationConfig = ValidationConfig(),  # noqa: B008 # frozen
) -> Iterator[Scored]:
    """Score held-out pairs, and held-out clean photographs as they are (rainy = clean).

    Enlarged and turned views of the pairs that ``views`` names stand beside them, as ``SOURCE x2``
    and ``SOURCE turned 45``.

    Args:
        network: In eval mode.
        loaded: Holds the held-out pictures.
        limit: At most this many of each source, spread evenly; 0 for all.
        first: The derainer in front of a network without a rain branch.
        views: Which views of which sources.
    """
    sets = {**loaded.held_pairs, "rain-free": loaded.rain_free()}
    for source, items in sets.items():
        chosen = spread(range(len(items)), limit)  # places: a picture is read when it is scored
        for view, change in _views(source, views).items():
            for name, rainy, clean in (items[place] for place in chosen):
                yield _scored(network, view, name, change(rainy), change(clean), device, first)


def _views(source: str, config: ValidationConfig) -> dict[str, Callable[[Pixels], Pixels]]:
    """Name of each view of a source, and what makes it; the pictures as they are first."""
    views: dict[str, Callable[[Pixels], Pixels]] = {source: lambda pixels: pixels}
    if source in config.viewed:
        for factor in config.enlarged:
            views[f"{source} x{factor:g}"] = partial(enlarge, factor=factor)
        for degrees in config.turned:
            views[f"{source} turned {degrees:g}"] = partial(turn, degrees=degrees)
    return views


def _scored(
    network: Network,
    source: str,
    name: str,
    rainy: Pixels,
    clean: Pixels,
    device: torch.device,
    first: Derain | None,
) -> Scored:
    restored, coarse = restore(network, rainy, device, first)
    rainy = rainy[..., :3]  # a gate reads more than the frame
    scores: dict[str, float] = {}
    for protocol in PROTOCOLS:
        scores[f"psnr/{protocol}"] = capped_psnr(restored, clean, protocol)
        scores[f"input/{protocol}"] = capped_psnr(rainy, clean, protocol)
    # What the detail branch is worth is the first score less this one.
    scores["coarse/matlab-y"] = capped_psnr(coarse, clean, "matlab-y")
    scores["ssim/matlab-y"] = ssim(restored, clean)
    return Scored(source, name, rainy, clean, restored, scores)


def mean_scores(scored: list[Scored]) -> dict[str, dict[str, float]]:
    """Source -> score -> mean over its pictures, with ``n``."""
    table: dict[str, dict[str, float]] = {}
    for source in dict.fromkeys(item.source for item in scored):
        items = [item.scores for item in scored if item.source == source]
        table[source] = {key: fmean(item[key] for item in items) for key in items[0]}
        table[source]["n"] = len(items)
    return table
