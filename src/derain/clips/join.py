"""Segments joined, and everything else of the clip copied, packet by packet."""

from __future__ import annotations

import errno
import heapq
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from derain.clips.codecs import Encoding
from derain.clips.container import ClipInfo, open_clip, picture_stream
from derain.clips.decode import Span
from derain.clips.encode import set_up
from derain.clips.formats import MUXERS
from derain.clips.library import av
from derain.clips.segments import decode_times, read_index, read_segment
from derain.errors import DerainError
from derain.files import explain_os_error

_OF_THE_CONTAINER = (
    "encoder",
    "major_brand",
    "minor_version",
    "compatible_brands",
    "duration",
    "alpha_mode",
)
_OF_DECODING = (".mp4", ".m4v", ".mov")
"""Containers as long as their frames take to decode: the last of these makes up for the rest."""
_NOTHING = b"\x00\x00"  # a text of MP4 of no letters
_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
Timed = tuple[float, int, Any]


@dataclass(frozen=True)
class Join:
    """A whole clip, to be made of its segments and of what else there is in the one it came from.

    Attributes:
        info: The clip they were made from.
        encoding, size: What their encoder was set up with.
        segments: In order.
        target: Where to; not the final name, but in the same folder or below, and of its ending.
        span: The part of the clip that is meant.
        everything: Whether sound, subtitles and the rest are copied.
    """

    info: ClipInfo
    encoding: Encoding
    size: tuple[int, int]
    segments: list[Path]
    target: Path
    span: Span
    everything: bool

    @property
    def kind(self) -> str:
        """The ending of the result's name."""
        return self.target.suffix.lower()

    def write(self) -> list[str]:
        """Write it.

        Returns:
            What has no place in the result, a line each.

        Raises:
            DerainError: The container does not hold all that goes into it.
            DiskFullError, PermissionDeniedError: The system refused.
        """
        try:
            try:
                return self._write(data=True)
            except av.FFmpegError as error:
                if _of_the_system(error) or not self.everything:
                    raise
                # A data track may be taken and then make the whole header impossible.
                return self._write(data=False)
        except av.FFmpegError as error:
            if isinstance(error, OSError) and _of_the_system(error):
                raise explain_os_error(error, self.target) from error
            raise DerainError(
                f"{self.info.path}: cannot be written as {self.kind[1:]} ({error.strerror}); "
                "give -o NAME.mkv"
            ) from error

    def _write(self, data: bool) -> list[str]:
        notes: list[str] = []
        info, container = self.info, MUXERS[self.kind]
        options = {"movflags": "+use_metadata_tags"} if self.kind == ".mov" else {}
        with (
            open_clip(info.path, info.most_pixels) as source,
            av.open(str(self.target), "w", format=container, options=options) as result,
        ):
            picture = picture_stream(source, info.path)
            shift, ends = self._span()
            places: dict[int, av.stream.Stream] = {}
            made: av.stream.Stream
            for stream in source.streams:
                if stream.index == picture.index:
                    made = self._picture_stream(result)
                elif not self.everything or _is_chapter_track(stream, source):
                    continue  # chapters are written with their names
                else:
                    copied = None
                    if _is_cover(stream):
                        copied = self._cover(stream, result)
                    elif data or stream.type != "data":
                        copied = _copy(stream, result)
                    if copied is None:
                        what = stream.codec_context.name if stream.codec_context else "data"
                        kind = "cover picture" if _is_cover(stream) else f"{stream.type} track"
                        place = f"{kind} {stream.index} ({what})"
                        notes.append(f"{self.kind[1:]} does not hold {place}; left out")
                        continue
                    made = copied
                made.metadata.update(_kept(stream.metadata))
                made.disposition = stream.disposition
                places[stream.index] = made
            _describe(source, result, shift * info.time_base, ends)
            others = _other_packets(source, places, picture, shift * info.time_base, ends)
            frames = self._coded_frames(places[picture.index], shift)
            for _, _, packet in heapq.merge(frames, others, key=lambda timed: timed[:2]):
                result.mux(packet)
        return notes

    def _picture_stream(self, result: av.container.OutputContainer) -> av.VideoStream:
        info = self.info
        made = result.add_stream(self.encoding.encoder, rate=info.rate)
        assert isinstance(made, av.VideoStream)
        set_up(made.codec_context, info, self.encoding, self.size)
        made.time_base = info.time_base
        if info.display:
            made.set_display_matrix(info.display)
        if self.encoding.codec == "hevc" and self.kind in _OF_DECODING:
            made.codec_tag = "hvc1"
        return made

    def _cover(
        self, stream: av.stream.Stream, result: av.container.OutputContainer
    ) -> av.stream.Stream | None:
        """A place for a cover picture; None where there is none.

        MP4 has it as a stream, Matroska as an attachment, where a stream would be a second clip.
        """
        if self.kind in (".mp4", ".m4v"):
            return _copy(stream, result)
        data = _first_packet(self.info, stream.index) if self.kind == ".mkv" else None
        if data is None:
            return None
        codec = stream.codec_context.name if stream.codec_context else ""
        known = _COVERS.get(codec, (f"cover.{codec}", f"image/{codec}"))
        name, mimetype = (
            stream.metadata.get(key, usual)
            for key, usual in zip(("filename", "mimetype"), known, strict=True)
        )
        return result.add_attachment(name, mimetype, data)

    def _coded_frames(self, stream: av.stream.Stream, shift: int) -> Iterator[Timed]:
        entries = [entry for segment in self.segments for entry in read_index(segment)]
        times = decode_times([pts for _, pts, _, _ in entries])
        lasting = [duration for _, _, duration, _ in entries]
        if self.kind in _OF_DECODING:
            first, ends = min(entry[1] for entry in entries), max(e[1] + e[2] for e in entries)
            decoded = ends - (first - times[0])
            lasting[-1] = min(decoded - times[-1], ends - entries[-1][1])
            times[-1] = decoded - lasting[-1]
        packets = (coded for segment in self.segments for coded in read_segment(segment))
        for coded, dts, duration in zip(packets, times, lasting, strict=True):
            packet = av.Packet(coded.data)
            packet.pts, packet.dts = coded.pts - shift, dts - shift
            packet.duration, packet.time_base = duration, self.info.time_base
            packet.is_keyframe, packet.stream = coded.key, stream
            yield float(packet.dts * self.info.time_base), 0, packet

    def _span(self) -> tuple[int, Fraction | None]:
        """By what all times are earlier in the result, and when the last frame ends."""
        first = min(entry[1] for entry in read_index(self.segments[0]))
        last = max(entry[1] + entry[2] for entry in read_index(self.segments[-1]))
        shift = first if self.span.start is not None else 0
        return shift, last * self.info.time_base if self.span.end is not None else None


def _of_the_system(error: av.FFmpegError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)


def _is_chapter_track(stream: av.stream.Stream, source: av.container.InputContainer) -> bool:
    """Whether this is the text track in which MP4 keeps the names of chapters."""
    return stream.type == "data" and stream.name == "bin_data" and bool(source.chapters())


def _is_cover(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _first_packet(info: ClipInfo, index: int) -> bytes | None:
    """What the first packet of a stream holds; covers come before all else."""
    with open_clip(info.path, info.most_pixels) as source, suppress(av.FFmpegError):
        for packet in source.demux(source.streams[index]):
            return bytes(packet) or None
    return None


def _copy(
    stream: av.stream.Stream, result: av.container.OutputContainer
) -> av.stream.Stream | None:
    """A stream for another's packets; None where the container does not hold them."""
    try:
        if isinstance(stream, av.stream.AttachmentStream):
            return result.add_attachment(
                stream.metadata.get("filename", "attachment"),
                stream.metadata.get("mimetype", "application/octet-stream"),
                stream.data,
            )
        return result.add_stream_from_template(stream, opaque=True)
    except (ValueError, av.FFmpegError):
        return None


def _kept(metadata: dict[str, str]) -> dict[str, str]:
    return {
        key: value for key, value in metadata.items()
        if key.lower().partition("-")[0] not in _OF_THE_CONTAINER and not key.startswith("_STAT")
    }  # fmt: skip


def _describe(
    source: av.container.InputContainer,
    result: av.container.OutputContainer,
    shift: Fraction,
    ends: Fraction | None,
) -> None:
    """Metadata and chapters, those that lie in the span."""
    result.metadata.update(_kept(source.metadata))
    chapters = []
    for chapter in source.chapters():
        base = chapter["time_base"] or Fraction(1, av.time_base)
        start, end = chapter["start"] * base, chapter["end"] * base
        if end <= shift or (ends is not None and start >= ends):
            continue
        end = end if ends is None else min(end, ends)
        moved = max(Fraction(0), start - shift) / base, (end - shift) / base
        chapters.append({**chapter, "start": round(moved[0]), "end": round(moved[1])})
    if chapters:
        result.set_chapters(chapters)  # type: ignore[arg-type]


def _other_packets(
    source: av.container.InputContainer,
    places: dict[int, av.stream.Stream],
    picture: av.VideoStream,
    shift: Fraction,
    ends: Fraction | None,
) -> Iterator[Timed]:
    """Packets of the other streams that lie in the span, until the clip cannot be read on."""
    wanted = [source.streams[index] for index in places if index != picture.index]
    wanted = [stream for stream in wanted if places[stream.index].type != "attachment"]
    if not wanted:
        return
    packets, last = source.demux(wanted), 0.0
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        if packet.size == 0 or bytes(packet) == _NOTHING:
            continue  # the end of a stream; a pause between subtitles, which the writer makes
        if _is_cover(packet.stream):
            packet.pts = packet.dts = 0
            packet.stream = places[packet.stream.index]
            yield 0.0, 1, packet  # whichever part is meant
            continue
        base = packet.time_base
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None and shift and (at + (packet.duration or 0)) * base <= shift:
            continue
        if at is not None and ends is not None and at * base >= ends:
            continue
        moved = round(shift / base)
        if packet.stream.type == "subtitle" and at is not None and at < moved:
            # Times below zero would have the container begin with it, and all else later.
            packet.duration = at + (packet.duration or 0) - moved
            packet.pts = packet.dts = moved
        packet.pts = None if packet.pts is None else packet.pts - moved
        packet.dts = None if packet.dts is None else packet.dts - moved
        order = packet.dts if packet.dts is not None else packet.pts
        last = last if order is None else float(order * base)
        packet.stream = places[packet.stream.index]
        yield last, 1, packet
