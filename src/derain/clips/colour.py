"""YUV to RGB and back, with the matrix and the range that a clip is marked with.

swscale computes (bicubic chroma, accurate rounding); what it would guess is decided here. A flat
colour comes back within one level (tests/clips/test_colour.py).
"""

from __future__ import annotations

import numpy as np

from derain.clips.frames import Pixels
from derain.clips.library import av

_Flags = av.video.reformatter.Interpolation
_HOW = int(
    _Flags.BICUBIC | _Flags.ACCURATE_RND | _Flags.FULL_CHR_H_INT | _Flags.FULL_CHR_H_INP
    | _Flags.BITEXACT
)  # fmt: skip
_FULL, _LIMITED = 2, 1  # AVColorRange
_UNSPECIFIED = 2  # AVColorSpace
_WHITE = np.uint16(255 * 256)
_FAMILIES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # AVColorSpace -> swscale's number


def matrix_of(colorspace: int, width: int, height: int) -> int:
    """swscale's number of a matrix; of unmarked clips large ones are BT.709, others BT.601."""
    if colorspace == _UNSPECIFIED:
        return 1 if width >= 1280 or height > 576 else 5
    return _FAMILIES.get(colorspace, 5)


def depth_of(pix_fmt: str) -> int:
    """Bits of a sample."""
    return max(part.bits for part in av.VideoFormat(pix_fmt, 2, 2).components)


def has_alpha(pix_fmt: str) -> bool:
    """Whether frames of this format hold transparency."""
    known = av.VideoFormat(pix_fmt, 2, 2)
    return known.has_palette or any(part.is_alpha for part in known.components)


def is_rgb(pix_fmt: str) -> bool:
    """Whether no matrix is needed."""
    known = av.VideoFormat(pix_fmt, 2, 2)
    return known.is_rgb or known.has_palette


def to_rgb(frame: av.VideoFrame, matrix: int, full: bool) -> tuple[Pixels, Pixels | None]:
    """A decoded frame as (H, W, 3) RGB, uint8 or uint16, and its (H, W) transparency, if any."""
    name = frame.format.name
    deep, alpha = depth_of(name) > 8, has_alpha(name)
    target = ("rgba64le" if alpha else "rgb48le") if deep else ("rgba" if alpha else "rgb24")
    if not is_rgb(name):
        made = frame.reformat(
            format=target, src_colorspace=matrix, interpolation=_HOW,
            src_color_range=_FULL if full else _LIMITED, dst_color_range=_FULL,
        )  # fmt: skip
    else:
        made = frame.reformat(format=target, interpolation=_HOW)
    pixels = made.to_ndarray()
    if deep:
        pixels = _to_full_scale(pixels)
    if not alpha:
        return pixels, None
    return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])


def from_rgb(
    colour: Pixels, alpha: Pixels | None, pix_fmt: str, matrix: int, full: bool
) -> av.VideoFrame:
    """The inverse of :func:`to_rgb`, in the format an encoder takes."""
    deep = colour.dtype == np.uint16
    pixels = colour if alpha is None else np.concatenate([colour, alpha[..., None]], axis=2)
    if deep:
        pixels = _from_full_scale(pixels)
    kind = ("rgb48le" if deep else "rgb24") if alpha is None else ("rgba64le" if deep else "rgba")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), kind)
    if is_rgb(pix_fmt):
        return frame.reformat(format=pix_fmt, interpolation=_HOW)
    return frame.reformat(
        format=pix_fmt, dst_colorspace=matrix, interpolation=_HOW,
        src_color_range=_FULL, dst_color_range=_FULL if full else _LIMITED,
    )  # fmt: skip


def _to_full_scale(pixels: Pixels) -> Pixels:
    """swscale's white of 16 bits is 255 * 256, that of everybody else 255 * 257."""
    pixels = np.minimum(pixels, _WHITE)
    return pixels + (pixels >> 8)


def _from_full_scale(pixels: Pixels) -> Pixels:
    return ((pixels.astype(np.uint32) * 256 + 128) // 257).astype(np.uint16)
