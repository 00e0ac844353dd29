"""Frames of a clip with their times, and what is wrong with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from derain.clips.colour import Converter
from derain.clips.container import ClipInfo, limit_pixels, open_clip, picture_stream
from derain.clips.entry import Entry, find_entry
from derain.clips.frames import Frame
from derain.clips.library import av
from derain.clips.promises import Promises


@dataclass
class Damage:
    """What could not be read of a clip, in words; empty where all could."""

    found: list[str] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)

    def told(self) -> str:
        """One phrase."""
        parts = list(dict.fromkeys(self.found))
        if self.frames:
            places = ", ".join(f"{at:.2f} s" for at in self.frames[:5])
            more = ", ..." if len(self.frames) > 5 else ""
            parts.append(f"{len(self.frames)} damaged frames or packets ({places}{more})")
        return "; ".join(parts)


@dataclass(frozen=True)
class Span:
    """The part of a clip that is meant, in seconds from its first frame; None for its ends."""

    start: float | None = None
    end: float | None = None


def read_frames(info: ClipInfo, span: Span, damage: Damage) -> Iterator[Frame]:
    """Every frame of the span, upright, in the order in which they are shown.

    A frame lasts until the next one or the end of the span; what MP4 says of that is meant in the
    order of decoding. Frames without a time, or with one that does not come after the one before,
    get the next that does; that is told in ``damage``.
    """
    converter = Converter(info.samples)
    for index, (frame, pts, duration) in enumerate(_in_span(info, span, damage)):
        colour, alpha = converter.to_rgb(frame)
        yield Frame(
            info.turn.upright(colour), None if alpha is None else info.turn.upright(alpha),
            pts, duration, index,
        )  # fmt: skip


def _in_span(
    info: ClipInfo, span: Span, damage: Damage
) -> Iterator[tuple[av.VideoFrame, int, int]]:
    """Decoded frames that are meant, with time and duration, in ticks; one frame behind."""
    entry = find_entry(info, span.start)
    origin = entry.origin if entry else None
    held: tuple[av.VideoFrame, int] | None = None
    for frame, pts in _timed(info, damage, entry):
        origin = pts if origin is None else origin
        at = float((pts - origin) * info.time_base)
        over = span.end is not None and at >= span.end
        if held:
            ends = pts if not over else min(pts, origin + _ticks(span.end, info))
            yield *held, max(1, ends - held[1])
        if over:
            return
        held = None
        if span.start is not None and at < span.start:
            continue
        if frame.is_corrupt:
            damage.frames.append(at)
        held = frame, pts
    if held and origin is not None:
        frame, pts = held
        duration = _last_duration(info, frame, pts - origin)
        if span.end is not None:
            duration = max(1, min(duration, origin + _ticks(span.end, info) - pts))
        yield frame, pts, duration


def _ticks(seconds: float | None, info: ClipInfo) -> int:
    return round(Fraction(seconds or 0) / info.time_base)


def _last_duration(info: ClipInfo, frame: av.VideoFrame, since: int) -> int:
    """How long, in ticks, the last frame is shown, ``since`` so many after the first one.

    MP4 knows how long it is to the next frame in the order of decoding, which with B-frames may
    span a pause that has passed: the frame does not outlast the clip.
    """
    usual = _usual_duration(info)
    said = frame.duration or usual
    rest = _ticks(info.seconds, info) - since
    return min(said, rest if rest > 0 else usual) if info.seconds else said


def _timed(
    info: ClipInfo, damage: Damage, entry: Entry | None
) -> Iterator[tuple[av.VideoFrame, int]]:
    """Decoded frames, each with the time at which it is shown, in ticks; times ascend."""
    last, length = None, _usual_duration(info)
    for frame in _decoded(info, damage, entry):
        if (frame.width, frame.height) != (info.width, info.height):
            damage.found.append(
                f"frames change their size to {frame.width}x{frame.height} at {_at(frame):.2f} s; "
                "ended there"
            )
            return
        if frame.interlaced_frame:
            damage.found.append("some frames are interlaced")
        pts = _time(info, frame, last)
        if pts is None or (last is not None and pts <= last):
            damage.found.append("some frames have no time of their own")
            pts = 0 if last is None else last + max(1, length)
        last = pts
        yield frame, pts


def _usual_duration(info: ClipInfo) -> int:
    return round(1 / (info.rate * info.time_base)) if info.rate else 0


def _time(info: ClipInfo, frame: av.VideoFrame, last: int | None) -> int | None:
    """When it is shown, in ticks, as far as the clip says."""
    if info.container != "avi":
        return frame.pts
    # AVI counts packets in the order of decoding, a tick each; times of showing that are made of
    # that are wrong around B-frames. Frames come as they are shown, the last without a packet.
    return last + 1 if frame.dts is None and last is not None else frame.dts


def _at(frame: av.VideoFrame) -> float:
    return float(frame.time or 0)


def _decoded(info: ClipInfo, damage: Damage, entry: Entry | None) -> Iterator[av.VideoFrame]:
    """All that the decoder gives, and a note about what it does not."""
    with open_clip(info.path, info.most_pixels) as container:
        stream = picture_stream(container, info.path)
        limit_pixels(stream, info.most_pixels)
        stream.thread_type = "AUTO"
        if entry:
            container.seek(entry.target, stream=stream)
        promises, packets = Promises(container, whole=entry is None), container.demux()
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.FFmpegError as error:
                damage.found.append(
                    f"cannot be read on after {promises.reached:.2f} s ({error.strerror})"
                )
                yield from _rest(stream)
                break
            promises.see(packet)
            if packet.stream.index != stream.index:
                continue
            try:
                yield from cast("list[av.VideoFrame]", packet.decode())
            except av.FFmpegError:
                damage.frames.append(float((packet.pts or 0) * info.time_base))
        damage.found += promises.broken()


def _rest(stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """What the decoder still holds when no more packets come."""
    with contextlib.suppress(av.FFmpegError):
        yield from stream.decode(None)
