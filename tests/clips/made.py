"""Clips made on the spot, and what FFmpeg reads of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

MS = Fraction(1, 1000)
FINE = Fraction(1, 12800)


@dataclass(frozen=True)
class Made:
    """How a clip is made; see :func:`make`."""

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (96, 64)
    times: Sequence[int] = tuple(range(0, 12 * 512, 512))
    base: Fraction = FINE
    sound: Sequence[str] = ("eng",)
    rotation: int = 0
    aspect: Fraction | None = None
    marks: tuple[int, int, int, int] = (1, 1, 1, 1)  # matrix, primaries, transfer, range
    subtitles: str = ""
    chapters: bool = False
    attachment: bool = False
    title: str = "Rain"
    options: tuple[tuple[str, str], ...] = ()
    interlaced: bool = False


def times(count: int, step: int, jitter: int = 0) -> tuple[int, ...]:
    """Times of frames, every third one late by ``jitter``."""
    return tuple(i * step + (jitter if i % 3 == 1 else 0) for i in range(count))


def picture(index: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A gradient before which a red bar moves."""
    width, height = size
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[...] = np.linspace(30, 220, width)[None, :, None]
    left = (index * 3) % max(1, width - 12)
    pixels[height // 4 : height // 2, left : left + 12] = [200, 40, 60]
    return pixels


def make(path: Path, how: Made = Made()) -> Path:
    """Write a clip; the container is that of the name."""
    matrix, primaries, transfer, range_ = how.marks
    with av.open(str(path), "w") as out:
        out.metadata["title"] = how.title
        stream = out.add_stream(how.codec, rate=25, options=dict(how.options))
        context = stream.codec_context
        context.width, context.height = how.size
        context.pix_fmt, context.time_base, context.framerate = how.pix_fmt, how.base, Fraction(25)
        stream.time_base = how.base
        context.colorspace, context.color_primaries = matrix, primaries
        context.color_trc, context.color_range = transfer, range_
        if how.aspect:
            context.sample_aspect_ratio = how.aspect
        if how.rotation:
            stream.set_display_rotation(how.rotation)
        sounds = [_add_sound(out, path, language) for language in how.sound]
        titles = out.add_mux_stream(how.subtitles, time_base=MS) if how.subtitles else None
        if how.attachment:
            out.add_attachment("font.ttf", "application/x-truetype-font", b"letters" * 9)
        if how.chapters:
            out.set_chapters([
                {"id": i, "start": i * 200, "end": (i + 1) * 200, "time_base": MS,
                 "metadata": {"title": f"part {i}"}} for i in range(2)
            ])  # fmt: skip
        for index, pts in enumerate(how.times):
            rgb = av.VideoFrame.from_ndarray(picture(index, how.size), "rgb24")
            frame = rgb.reformat(format=how.pix_fmt, dst_colorspace=matrix, dst_color_range=range_)
            frame.pts, frame.time_base = pts, how.base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        for sound in sounds:
            _play(out, sound, float(how.times[-1] * how.base))
        if titles is not None:
            _write_titles(out, titles, path.suffix == ".mp4")
    return path


def _add_sound(out: Any, path: Path, language: str) -> Any:
    sound = out.add_stream("libopus" if path.suffix in (".webm", ".mkv") else "aac", rate=48000)
    sound.metadata["language"] = language
    return sound


def _play(out: Any, sound: Any, seconds: float) -> None:
    for start in range(0, max(1, int(seconds * 48000)), 960):
        wave = (8000 * np.sin((np.arange(960) + start) / 20)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(wave, "s16", "mono")
        frame.sample_rate, frame.pts = 48000, start
        out.mux(sound.encode(frame))
    out.mux(sound.encode(None))


def _write_titles(out: Any, stream: Any, prefixed: bool) -> None:
    for index in range(2):
        text = f"line {index}".encode()
        packet = av.Packet(len(text).to_bytes(2, "big") + text if prefixed else text)
        packet.pts = packet.dts = index * 200
        packet.duration, packet.time_base, packet.stream = 100, MS, stream
        out.mux(packet)


@dataclass(frozen=True)
class Read:
    """What FFmpeg reads of a clip."""

    times: list[Fraction]
    others: list[tuple[str, list[tuple[Fraction, bytes]]]]
    marks: tuple[int, ...]
    aspect: Fraction | None
    rotation: int
    languages: list[str | None]
    chapters: list[tuple[float, float, str | None]]
    title: str | None
    codec: str
    pix_fmt: str
    attachments: list[bytes]


def read(path: Path) -> Read:
    """Through PyAV, with nothing of ours."""
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        context = video.codec_context
        shown: list[Fraction] = []
        others: dict[int, list[tuple[Fraction, bytes]]] = {}
        for packet in clip.demux():
            if packet.size and packet.stream_index == video.index:
                shown.append(packet.pts * packet.time_base)
            elif packet.size:
                told = others.setdefault(packet.stream_index, [])
                told.append((packet.pts * packet.time_base, bytes(packet)))
        kinds = [
            (f"{s.type} {s.codec_context.name}", others.get(s.index, []))
            for s in clip.streams if s.type in ("audio", "subtitle")
        ]  # fmt: skip
        chapters = [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]),
             c["metadata"].get("title")) for c in clip.chapters()
        ]  # fmt: skip
        result = Read(
            sorted(shown), kinds,
            (context.colorspace, context.color_primaries, context.color_trc, context.color_range),
            video.sample_aspect_ratio, 0,
            [s.language for s in clip.streams if s.type in ("audio", "subtitle")],
            chapters, clip.metadata.get("title"), context.codec.canonical_name, context.pix_fmt,
            [s.data for s in clip.streams if s.type == "attachment"],
        )  # fmt: skip
    with av.open(str(path)) as clip:
        first = next(clip.decode(video=0))
        return Read(**{**vars(result), "rotation": first.rotation})


def frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Decoded by FFmpeg, as stored."""
    with av.open(str(path)) as clip:
        for frame in clip.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def same(pixels: NDArray[Any]) -> NDArray[Any]:
    """The derainer of tests: nothing is rain."""
    return pixels


Derain = Callable[[NDArray[Any]], NDArray[Any]]


class EachFrame:
    """Frames as so many pictures: every one for itself."""

    context = 0
    fingerprint = "each frame"

    def __init__(self, derain: Derain) -> None:
        self._derain = derain

    def __call__(self, frames: Iterable[NDArray[Any]], /) -> Iterator[NDArray[Any]]:
        """One frame out for each frame in, at once."""
        return map(self._derain, frames)
