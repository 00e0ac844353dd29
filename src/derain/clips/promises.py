"""Whether all is there that a clip's container promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from derain.clips.library import av

_SLACK = 0.1  # seconds that a container may promise more than its packets hold
_PRE_SKIP = 0.007  # seconds that Opus takes from the start of a track


@dataclass
class _Track:
    packets: int = 0
    end: float = 0.0
    decoded: tuple[float, float] | None = None
    longest: float = 0.0
    broken: int = 0


class Promises:
    """Looks at every packet that is read, and says at the end what is missing.

    Args:
        container: What is read.
        whole: It is read from its beginning, so that packets can be counted.
    """

    def __init__(self, container: av.container.InputContainer, *, whole: bool = True) -> None:
        self._container, self._whole = container, whole
        self._tracks = {stream.index: _Track() for stream in container.streams}

    @property
    def reached(self) -> float:
        """Where the last packet that was read ends, in seconds."""
        return max((track.end for track in self._tracks.values()), default=0.0)

    def see(self, packet: av.Packet[Any]) -> None:
        """A packet was read; those without a size end a stream."""
        if not packet.size:
            return
        track = self._tracks[packet.stream.index]
        track.packets += 1
        track.broken += packet.is_corrupt
        if packet.pts is not None and packet.time_base:
            length = float((packet.duration or 0) * packet.time_base)
            track.end = max(track.end, float(packet.pts * packet.time_base) + length)
            track.longest = max(track.longest, length)
        if packet.dts is not None and packet.time_base:
            at = float(packet.dts * packet.time_base)
            first = track.decoded[0] if track.decoded else at
            track.decoded = first, at + float((packet.duration or 0) * packet.time_base)

    def broken(self) -> list[str]:
        """What is missing, a phrase each; to be asked when all packets were read."""
        words = []
        for stream in self._container.streams:
            track, name = self._tracks[stream.index], f"{stream.type} track {stream.index}"
            promised = self._promised(stream)
            if track.broken:
                words.append(f"{name} has {track.broken} broken packets")
            if stream.type not in ("audio", "video"):
                continue
            if self._whole and 0 < track.packets < stream.frames and _is_short(track, stream):
                words.append(f"{name} holds {track.packets} of {stream.frames} packets")
            elif track.end < promised - 0.75 * track.longest - _PRE_SKIP:
                words.append(f"{name} ends after {track.end:.2f} of {promised:.2f} s")
        return words or self._ends_early()

    def _promised(self, stream: av.stream.Stream) -> float:
        """Seconds of Matroska's tag, which may be that of a longer clip that this was cut from."""
        promised = _duration(stream.metadata)
        return min(promised, self._length) if self._length else promised

    @property
    def _length(self) -> float:
        """Seconds of the container's own word; 0 where it says none."""
        return (self._container.duration or 0) / av.time_base

    def _ends_early(self) -> list[str]:
        known = {"mov", "matroska", "webm", "mp4"} & set(self._container.format.name.split(","))
        promised = self._length if known else 0.0
        length = self.reached - float(self._container.start_time or 0) / av.time_base
        return (
            [f"ends after {length:.2f} of {promised:.2f} s"] if length < promised - _SLACK else []
        )


def _is_short(track: _Track, stream: av.stream.Stream) -> bool:
    """Whether fewer packets than were counted are fewer than the track's own length asks for.

    An edit list shows a part of what MP4 holds, and AVI counts the frames that it skips, too.
    """
    if track.decoded is None or not stream.duration or not stream.time_base:
        return True
    first, end = track.decoded
    return end - first < float(stream.duration * stream.time_base) - 0.5 * track.longest


def _duration(metadata: dict[str, str]) -> float:
    """Seconds of Matroska's DURATION tag, ``H:MM:SS.NNN``; 0 where there is none."""
    tags = {key.upper(): value for key, value in metadata.items()}
    # mkvmerge adds the language.
    names = ("DURATION", *(name for name in tags if name.startswith("DURATION-")))
    told = next((tags[name] for name in names if name in tags), "")
    try:
        hours, minutes, seconds = told.split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except ValueError:
        return 0.0
