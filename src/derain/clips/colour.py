"""YUV to RGB and back, with the matrix and the range that a clip is marked with.

swscale computes (bicubic chroma, accurate rounding); what it would guess is decided here. A flat
colour comes back within one level (tests/clips/test_colour.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from derain.clips.frames import Pixels
from derain.clips.library import av

_Flags = av.video.reformatter.Interpolation
_HOW = int(
    _Flags.BICUBIC | _Flags.ACCURATE_RND | _Flags.FULL_CHR_H_INT | _Flags.FULL_CHR_H_INP
    | _Flags.BITEXACT
)  # fmt: skip
_FULL, _LIMITED = 2, 1  # AVColorRange
_RGB, _UNSPECIFIED = 0, 2  # AVColorSpace
_WHITE = np.uint16(255 * 256)
_FAMILIES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # AVColorSpace -> swscale's number
_MARKS = {1: 1, 4: 4, 5: 6, 7: 7, 9: 9}  # and back
WITHOUT_MARKS = ("vp8", "mjpeg")
"""Codecs of BT.601 alone, whose decoders always say the same."""


def matrix_of(colorspace: int, width: int, height: int) -> int:
    """swscale's number of a matrix; of large clips without one it is BT.709, of others BT.601."""
    if colorspace in (_RGB, _UNSPECIFIED):
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


@dataclass(frozen=True)
class Samples:
    """How the samples of a stream stand for colours.

    Attributes:
        matrix: swscale's number of the YUV matrix; of no use for RGB.
        full: Whether they use their whole range.
        colorspace, range: H.273's code point of the matrix and FFmpeg's range, as the stream says.
    """

    matrix: int
    full: bool
    colorspace: int
    range: int

    def written(self, codec: str, was_rgb: bool, pix_fmt: str, size: tuple[int, int]) -> Samples:
        """As a result has them: as they are, but where the result would then not say what it holds.

        Args:
            codec: Of the result, a key of :data:`derain.clips.codecs.FAMILIES`.
            was_rgb: Whether the samples here are RGB.
            pix_fmt: Of the result's frames.
            size: (width, height) of them.
        """
        if is_rgb(pix_fmt):
            return self if was_rgb else replace(self, full=True, colorspace=_RGB, range=_FULL)
        fixed = codec in WITHOUT_MARKS
        full = codec == "mjpeg" if fixed else self.full
        matrix = 5 if fixed else self.matrix
        told = self.colorspace
        # Where the mark does not count, one that was wrong is kept as the rest is.
        means = matrix_of(told, *size) if not fixed else self.matrix
        if told == _RGB or means != matrix:
            told = _MARKS[matrix]
        range_ = _FULL if full else _LIMITED if self.full else self.range
        return Samples(matrix, full, told, range_)


class Converter:
    """Converts frames with one matrix and range; keeps what swscale set up between them.

    Args:
        samples: Of the frames in YUV.
    """

    def __init__(self, samples: Samples) -> None:
        self._matrix, self._range = samples.matrix, _FULL if samples.full else _LIMITED
        self._to = av.video.reformatter.VideoReformatter()
        self._from = av.video.reformatter.VideoReformatter()

    def to_rgb(self, frame: av.VideoFrame) -> tuple[Pixels, Pixels | None]:
        """A decoded frame as (H, W, 3) RGB, uint8 or uint16, and its (H, W) alpha, if any."""
        name = frame.format.name
        deep, alpha = depth_of(name) > 8, has_alpha(name)
        target = _rgb(deep, alpha)
        if is_rgb(name):
            made = self._to.reformat(frame, format=target, interpolation=_HOW)
        else:
            made = self._to.reformat(
                frame, format=target, src_colorspace=self._matrix, interpolation=_HOW,
                src_color_range=self._range, dst_color_range=_FULL,
            )  # fmt: skip
        pixels: Pixels = made.to_ndarray()
        if deep:
            pixels = _to_full_scale(pixels)
        if not alpha:
            return pixels, None
        return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])

    def from_rgb(self, colour: Pixels, alpha: Pixels | None, pix_fmt: str) -> av.VideoFrame:
        """The inverse of :meth:`to_rgb`, in the format an encoder takes."""
        deep = colour.dtype == np.uint16
        pixels = colour if alpha is None else np.concatenate([colour, alpha[..., None]], axis=2)
        if deep:
            pixels = _from_full_scale(pixels)
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels), _rgb(deep, alpha is not None)
        )
        if is_rgb(pix_fmt):
            return self._from.reformat(frame, format=pix_fmt, interpolation=_HOW)
        return self._from.reformat(
            frame, format=pix_fmt, dst_colorspace=self._matrix, interpolation=_HOW,
            src_color_range=_FULL, dst_color_range=self._range,
        )  # fmt: skip


def _rgb(deep: bool, alpha: bool) -> str:
    if deep:
        return "rgba64le" if alpha else "rgb48le"
    return "rgba" if alpha else "rgb24"


def _to_full_scale(pixels: Pixels) -> Pixels:
    """swscale's white of 16 bits is 255 * 256, that of everybody else 255 * 257."""
    scaled: Pixels = np.minimum(pixels, _WHITE)
    scaled += scaled >> 8
    return scaled


def _from_full_scale(pixels: Pixels) -> Pixels:
    scaled: Pixels = ((pixels.astype(np.uint32) * 256 + 128) // 257).astype(np.uint16)
    return scaled
