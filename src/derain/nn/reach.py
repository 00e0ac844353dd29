"""How far a DRDNet's convolutions see: exactly, walked back from an output pixel to the input."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derain.nn.drdnet_config import DRDNetConfig

Span = tuple[int, int]
"""First and last pixel of a row, both included."""


def receptive_radius(config: DRDNetConfig) -> int:
    """Pixels from an output pixel to the farthest input pixel that its convolutions read.

    The farthest over all places a pixel can have within what an unshuffle packs.
    """
    places = range(config.patch_multiple)
    seen = [(place, span) for place in places for span in _seen(config, (place, place))]
    return max(max(place - first, last - place) for place, (first, last) in seen)


def _seen(config: DRDNetConfig, pixel: Span) -> list[Span]:
    """What the rain layer and the detail layer see at a pixel, as far as there are such."""
    fine, low = config.rain[1], config.detail[1]
    # A body: its blocks and the convolution that joins them; head and tail stand before and after.
    rain = 2 * config.rain_blocks + 1
    detail = 2 * config.detail_blocks * max(config.dilations) + 1
    spans = []
    if config.rain_blocks:
        spans.append(_convolved(pixel, fine, rain + 2))
    if config.detail_blocks:
        span = _convolved(pixel, low, detail + 2)
        spans.append(span)
        if config.detail_input == "features":
            spans.append(_convolved(_convolved(pixel, low, detail + 1), fine, rain + 1))
        elif config.detail_input != "rainy" and config.rain_blocks:
            spans.append(_convolved(span, fine, rain + 2))
    if config.first == "detail":
        handed = _interpolated(_convolved(pixel, fine, rain + 1), fine, low)
        spans.append(_convolved(handed, low, detail + 1))
    return spans


def _convolved(span: Span, unshuffle: int, taps: int) -> Span:
    """What 3x3 convolutions read that reach ``taps`` features, each of ``unshuffle`` pixels."""
    first, last = (pixel // unshuffle for pixel in span)
    return (first - taps) * unshuffle, (last + taps + 1) * unshuffle - 1


def _interpolated(span: Span, fine: int, low: int) -> Span:
    """The pixels of the features of ``low`` pixels that features of ``fine`` lie between."""
    if fine == low:
        return span
    places = [((pixel // fine) + 0.5) * fine / low - 0.5 for pixel in span]
    return math.floor(places[0]) * low, (math.floor(places[1]) + 2) * low - 1
