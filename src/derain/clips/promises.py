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

    def broken(self) -> list[str]:
        """What is missing, a phrase each; to be asked when all packets were read."""
        words = []
        for stream in self._container.streams:
            track, name = self._tracks[stream.index], f"{stream.type} track {stream.index}"
            promised = _duration(stream.metadata)
            if track.broken:
                words.append(f"{name} has {track.broken} broken packets")
            if stream.type not in ("audio", "video"):
                continue
            if self._whole and 0 < track.packets < stream.frames:
                words.append(f"{name} holds {track.packets} of {stream.frames} packets")
            elif track.end < promised - 0.75 * track.longest - _PRE_SKIP:
                words.append(f"{name} ends after {track.end:.2f} of {promised:.2f} s")
        return words or self._ends_early()

    def _ends_early(self) -> list[str]:
        known = {"mov", "matroska", "webm", "mp4"} & set(self._container.format.name.split(","))
        promised = (self._container.duration or 0) / av.time_base if known else 0.0
        length = self.reached - float(self._container.start_time or 0) / av.time_base
        return (
            [f"ends after {length:.2f} of {promised:.2f} s"] if length < promised - _SLACK else []
        )


def _duration(metadata: dict[str, str]) -> float:
    """Seconds of Matroska's DURATION tag, ``H:MM:SS.NNN``; 0 where there is none."""
    tags = [value for key, value in metadata.items() if key.upper().startswith("DURATION")]
    try:
        hours, minutes, seconds = tags[0].split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except (IndexError, ValueError):
        return 0.0
