"""Frames to packets, a segment at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from derain.clips.codecs import Encoding
from derain.clips.colour import Converter, Samples, is_rgb
from derain.clips.container import ClipInfo
from derain.clips.frames import Frame
from derain.clips.library import av
from derain.clips.segments import Coded, write_segment
from derain.errors import DerainError, UsageError


def set_up(
    context: av.VideoCodecContext, info: ClipInfo, encoding: Encoding, size: tuple[int, int]
) -> None:
    """Tell an encoder all it must know; of two set up alike, either may write the header."""
    context.width, context.height = size
    context.pix_fmt = encoding.pix_fmt
    context.time_base = info.time_base
    context.framerate = info.rate
    context.color_primaries, context.color_trc = info.primaries, info.transfer
    samples = _samples(info, encoding, size)
    context.colorspace, context.color_range = samples.colorspace, samples.range
    if info.aspect:
        context.sample_aspect_ratio = info.aspect
    context.flags |= int(av.codec.context.Flags.global_header)
    context.options = dict(encoding.options)


def _samples(info: ClipInfo, encoding: Encoding, size: tuple[int, int]) -> Samples:
    return info.samples.written(encoding.codec, is_rgb(info.pix_fmt), encoding.pix_fmt, size)


class SegmentEncoder:
    """Encodes frames one after the other and writes them as a segment.

    Args:
        info: The clip they come from.
        encoding: How.
        size: (width, height) of them as they are stored.

    Raises:
        UsageError: The codec does not take such frames.
    """

    def __init__(self, info: ClipInfo, encoding: Encoding, size: tuple[int, int]) -> None:
        self._info, self._encoding = info, encoding
        context = av.CodecContext.create(encoding.encoder, "w")
        assert isinstance(context, av.VideoCodecContext)
        self._samples = _samples(info, encoding, size)
        self._context, self._converter = context, Converter(self._samples)
        set_up(self._context, info, encoding, size)
        try:
            self._context.open()
        except av.FFmpegError as error:
            raise UsageError(
                f"{info.path}: --codec {encoding.codec} does not take frames of "
                f"{size[0]}x{size[1]} ({error.strerror}); give another"
            ) from error
        self._packets: list[Coded] = []
        self._durations: dict[int, int] = {}

    def add(self, frame: Frame) -> None:
        """Encode an upright frame.

        Raises:
            DerainError: FFmpeg refuses.
        """
        with self._explained():
            self._add(frame)

    def _add(self, frame: Frame) -> None:
        turn = self._info.turn
        colour = turn.stored(frame.colour)
        alpha = None if frame.alpha is None else turn.stored(frame.alpha)
        made = self._converter.from_rgb(colour, alpha, self._encoding.pix_fmt)
        made.pts, made.time_base = frame.pts, self._info.time_base
        made.color_primaries, made.color_trc = self._info.primaries, self._info.transfer
        made.colorspace, made.color_range = self._samples.colorspace, self._samples.range
        self._durations[frame.pts] = frame.duration
        self._take(self._context.encode(made))

    def write(self, path: Path) -> None:
        """End the segment and write it; raises as :meth:`add`."""
        with self._explained():
            self._take(self._context.encode(None))
        write_segment(path, self._packets)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except av.FFmpegError as error:
            raise DerainError(
                f"{self._info.path}: cannot be encoded as {self._encoding.codec} in "
                f"{self._encoding.pix_fmt} ({error.strerror}); give another --codec"
            ) from error

    def _take(self, packets: Sequence[av.Packet[Any]]) -> None:
        for packet in packets:
            pts = int(Fraction(packet.pts or 0) * packet.time_base / self._info.time_base)
            duration = self._durations.pop(pts, 0)
            self._packets.append(Coded(bytes(packet), pts, duration, packet.is_keyframe))
