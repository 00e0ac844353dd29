"""Other views of one picture: larger or smaller, and turned. OURS.

Rain and truth are changed alike. A derainer that has learnt one size of streaks, or that rain
falls downwards, shows it here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.errors import InvalidImageError, UsageError

Pixels = NDArray[np.uint8]

MOST = 8.0
"""The largest factor: 64 times the pixels."""

LEAST = 21
"""Shortest side, in pixels, that a view may leave: what the scores ask for (metrics/streaks.py).
A picture that was smaller before is left as small as it was."""

_DECIMALS = 6  # of degrees: what is finer moves no pixel, but divides by nothing
_MARGIN = 1e-6  # of a pixel, for what rounding may do at the picture's very edge


def check_factor(factor: float) -> None:
    """Refuse what no picture can be enlarged by.

    Raises:
        UsageError: Not above 0, above 8, or not a number.
    """
    if not 0 < factor <= MOST:  # false for NaN too
        raise UsageError(
            f"pictures cannot be enlarged by {factor:g}; give a factor above 0, at most {MOST:g}"
        )


def check_degrees(degrees: float) -> None:
    """Refuse what is no angle.

    Raises:
        UsageError: Outside -360..360, or not a number.
    """
    if not -360 <= degrees <= 360:  # false for NaN too
        raise UsageError(
            f"pictures cannot be turned by {degrees:g} degrees; give an angle from -360 to 360"
        )


def enlarge(pixels: Pixels, factor: float) -> Pixels:
    """A picture at another size: bicubic (Pillow's, which averages where it shrinks).

    Args:
        pixels: (H, W, 3) uint8.
        factor: Above 0, at most 8; below 1 shrinks, 1 gives the picture back.

    Returns:
        (round(factor * H), round(factor * W), 3) uint8.

    Raises:
        UsageError: The factor.
        InvalidImageError: A side of less than 21 pixels would be left.

    Example:
        >>> enlarge(np.zeros((30, 40, 3), np.uint8), 1.5).shape
        (45, 60, 3)
    """
    check_factor(factor)
    height, width = pixels.shape[:2]
    size = round(width * factor), round(height * factor)
    _check_left(pixels, size, f"enlarged by {factor:g}")
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def turn(pixels: Pixels, degrees: float) -> Pixels:
    """A picture turned counter-clockwise, without the empty corners that turning leaves.

    Multiples of 90 degrees are exact. All others are bicubic (Pillow's), with the largest centred
    upright rectangle cut out that holds no filling: at 45 degrees half of a square's pixels.

    Args:
        pixels: (H, W, 3) uint8.
        degrees: From -360 to 360.

    Returns:
        (h, w, 3) uint8.

    Raises:
        UsageError: The angle.
        InvalidImageError: A side of less than 21 pixels would be left.

    Example:
        >>> turn(np.zeros((100, 100, 3), np.uint8), 45).shape
        (72, 70, 3)
    """
    check_degrees(degrees)
    degrees = round(degrees, _DECIMALS)
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(pixels, round(degrees / 90)))
    # One channel at a time in floats: at 8 bits Pillow's turning cuts off where it should round.
    planes = [_turn_plane(plane, degrees) for plane in np.moveaxis(pixels, 2, 0)]
    height, width = pixels.shape[:2]
    whole = planes[0].shape[1], planes[0].shape[0]
    kept = _largest_rectangle((width, height), whole, math.radians(degrees))
    _check_left(pixels, kept, f"turned by {degrees:g} degrees")
    left, top = ((side - part) // 2 for side, part in zip(whole, kept, strict=True))
    window = np.s_[top : top + kept[1], left : left + kept[0]]
    return np.stack([plane[window] for plane in planes], axis=2)


def _turn_plane(plane: Pixels, degrees: float) -> Pixels:
    """(H, W) uint8, turned by Pillow onto a canvas that holds all of it."""
    image = Image.fromarray(plane.astype(np.float32))
    turned = np.asarray(image.rotate(degrees, Image.Resampling.BICUBIC, expand=True))
    levels: Pixels = np.rint(turned.clip(0, 255)).astype(np.uint8)
    return levels


def _largest_rectangle(
    size: tuple[int, int], turned: tuple[int, int], angle: float
) -> tuple[int, int]:
    """Width and height of the largest rectangle without filling, centred in a turned picture.

    Pillow fills a pixel whose centre, turned back, lies outside of the picture. By symmetry one
    corner of the rectangle stands for all: with its centre (u, v) pixels away from the middle,
    ``u |cos| + v |sin| < width / 2`` and ``u |sin| + v |cos| < height / 2``. Every u is tried.

    Args:
        size: Width and height before.
        turned: Width and height after, corners included.
        angle: In radians, no multiple of a right angle.
    """
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    across, down = (side / 2 - _MARGIN for side in size)
    # Only sides of the parity of the turned picture's have the same middle.
    widths = np.arange(turned[0] % 2 or 2, turned[0] + 1, 2)
    u = (widths - 1) / 2
    v = np.minimum((across - u * cos) / sin, (down - u * sin) / cos)
    odd = turned[1] % 2
    heights = np.maximum(0, np.floor((2 * v + 1 - odd) / 2).astype(int) * 2 + odd)
    best = int(np.argmax(widths * heights))
    return int(widths[best]), int(heights[best])


def _check_left(pixels: Pixels, size: tuple[int, int], done: str) -> None:
    height, width = pixels.shape[:2]
    if min(size) < min(LEAST, height, width):
        raise InvalidImageError(
            f"{width}x{height} pixels {done} leave {size[0]}x{size[1]}; a side of {LEAST} is "
            "needed, use a larger picture or leave it out"
        )
