"""YUV to RGB and back, with the matrix and the range that a clip is marked with.

swscale computes (bicubic chroma, accurate rounding); what it would guess is decided here. A flat
colour comes back within one level, and chroma where it was (tests/clips/test_colour.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

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
_WHITEST = 65535
_FAMILIES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # AVColorSpace -> swscale's number
_MARKS = {1: 1, 4: 4, 5: 6, 7: 7, 9: 9}  # and back
WITHOUT_MARKS = ("vp8", "mjpeg")
"""Codecs of BT.601 alone, whose decoders always say the same."""
_CENTRED = ("mjpeg", "mpeg1video")  # where JPEG has its chroma samples


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


def place_of(codec: str) -> str:
    """Where a codec's chroma samples are taken to lie, by FFmpeg's name of it.

    PyAV does not tell what a clip is marked with. Both ways must go by one place, or chroma moves.
    """
    return "center" if codec in _CENTRED else "left"


@dataclass(frozen=True)
class Samples:
    """How the samples of a stream stand for colours.

    Attributes:
        matrix: swscale's number of the YUV matrix; of no use for RGB.
        full: Whether they use their whole range.
        colorspace, range: H.273's code point of the matrix and FFmpeg's range, as the stream says.
        place: Where chroma samples lie between those of luma, by FFmpeg's name; see
            :func:`place_of`.
    """

    matrix: int
    full: bool
    colorspace: int
    range: int
    place: str = "left"

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
        place = place_of(codec)
        fixed = codec in WITHOUT_MARKS
        full = codec == "mjpeg" if fixed else self.full
        matrix = 5 if fixed else self.matrix
        told = self.colorspace
        # Where the mark does not count, one that was wrong is kept as the rest is.
        means = matrix_of(told, *size) if not fixed else self.matrix
        if told == _RGB or means != matrix:
            told = _MARKS[matrix]
        range_ = _FULL if full else _LIMITED if self.full else self.range
        return Samples(matrix, full, told, range_, place)


class Converter:
    """Converts frames with one matrix and range; keeps what swscale set up between them.

    Args:
        samples: Of the frames in YUV.
    """

    def __init__(self, samples: Samples) -> None:
        self._matrix, self._full = samples.matrix, samples.full
        self._range = _FULL if samples.full else _LIMITED
        self._to = av.video.reformatter.VideoReformatter()
        self._from = av.video.reformatter.VideoReformatter()
        self._decoded, self._derained = _Placed(samples.place), _Placed(samples.place)

    def to_rgb(self, frame: av.VideoFrame) -> tuple[Pixels, Pixels | None]:
        """A decoded frame as (H, W, 3) RGB, uint8 or uint16, and its (H, W) alpha, if any."""
        name = frame.format.name
        deep, alpha = depth_of(name) > 8, has_alpha(name)
        target = _rgb(deep, alpha)
        if is_rgb(name):
            made = self._to.reformat(frame, format=target, interpolation=_HOW)
        else:
            made = self._to.reformat(
                self._decoded(frame), format=target, src_colorspace=self._matrix,
                interpolation=_HOW, src_color_range=self._range, dst_color_range=_FULL,
            )  # fmt: skip
        pixels: Pixels = made.to_ndarray()
        colour = np.ascontiguousarray(pixels[..., :3]) if alpha else pixels
        seen = np.ascontiguousarray(pixels[..., 3]) if alpha else None
        if deep:
            colour = _scaled(colour, _white_decoded(name, self._full), _WHITEST)
            seen = None if seen is None else _scaled(seen, _opaque(name), _WHITEST)
        return colour, seen

    def from_rgb(self, colour: Pixels, alpha: Pixels | None, pix_fmt: str) -> av.VideoFrame:
        """The inverse of :meth:`to_rgb`, in the format an encoder takes."""
        deep = colour.dtype == np.uint16
        if deep:
            colour = _scaled(colour, _WHITEST, _white_encoded(pix_fmt))
            alpha = None if alpha is None else _scaled(alpha, _WHITEST, _opaque(pix_fmt))
        pixels = colour if alpha is None else np.concatenate([colour, alpha[..., None]], axis=2)
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels), _rgb(deep, alpha is not None)
        )
        if is_rgb(pix_fmt):
            return self._from.reformat(frame, format=pix_fmt, interpolation=_HOW)
        return self._from.reformat(
            self._derained(frame), format=pix_fmt, dst_colorspace=self._matrix,
            interpolation=_HOW, src_color_range=_FULL, dst_color_range=self._range,
        )  # fmt: skip


class _Placed:
    """Marks frames of one size and format with the place of their chroma samples; none is copied.

    A filter does, since PyAV's frames have no such attribute; swscale goes by it, and passes it on
    from RGB to YUV.
    """

    def __init__(self, place: str) -> None:
        self._place, self._graph = place, av.filter.Graph()

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        graph = self._graph
        if not graph.configured:
            graph.threads = 1
            base = frame.time_base or Fraction(1)
            graph.link_nodes(
                graph.add_buffer(
                    width=frame.width, height=frame.height, format=frame.format, time_base=base
                ),
                graph.add("setparams", f"chroma_location={self._place}"),
                graph.add("buffersink"),
            ).configure()
        graph.vpush(frame)
        return graph.vpull()


def _rgb(deep: bool, alpha: bool) -> str:
    if deep:
        return "rgba64le" if alpha else "rgb48le"
    return "rgba" if alpha else "rgb24"


def _white_decoded(pix_fmt: str, full: bool) -> int:
    """What swscale makes of a format's white where it makes 16 bits of it."""
    if is_rgb(pix_fmt):
        return _WHITEST
    parts = av.VideoFormat(pix_fmt, 2, 2).components
    grey = sum(not part.is_alpha for part in parts) == 1  # which swscale takes for full range
    return _shifted(pix_fmt) if full or grey else 255 * 256


def _white_encoded(pix_fmt: str) -> int:
    """What swscale takes for white where it makes a format of 16 bits."""
    return _WHITEST if is_rgb(pix_fmt) else 255 * 256


def _opaque(pix_fmt: str) -> int:
    """What swscale has for opaque at 16 bits, both ways."""
    return _WHITEST if is_rgb(pix_fmt) else _shifted(pix_fmt)


def _shifted(pix_fmt: str) -> int:
    """The largest sample of a format, its lowest bits of 16 left empty."""
    depth = depth_of(pix_fmt)
    return ((1 << depth) - 1) << (16 - depth)


def _scaled(pixels: Pixels, white: int, to: int) -> Pixels:
    """With another white, each in what is 16 bits."""
    return pixels if white == to else np.take(_other_white(white, to), pixels)


@lru_cache(maxsize=8)
def _other_white(white: int, to: int) -> Pixels:
    levels = np.minimum(np.arange(1 << 16, dtype=np.uint64), white)
    made: Pixels = ((levels * to + white // 2) // white).astype(np.uint16)
    return made
