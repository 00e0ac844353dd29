"""Encoded packets of a run of frames, in a file of our own that is whole or is not there.

A segment begins with a key frame and needs nothing before it. Any codec fits, which holds for no
container; the last step hands the packets to the real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from derain.errors import DerainError
from derain.files import atomic_write

_LENGTH = 8


@dataclass(frozen=True)
class Coded:
    """One encoded frame.

    Attributes:
        data: What the encoder gave.
        pts, duration: In units of the clip's time base.
        key: Whether it needs no other.
    """

    data: bytes
    pts: int
    duration: int
    key: bool


def write_segment(path: Path, packets: list[Coded]) -> None:
    """Write packets in the order in which they are decoded."""
    index = json.dumps([[len(p.data), p.pts, p.duration, p.key] for p in packets]).encode()
    parts = [len(index).to_bytes(_LENGTH, "little"), index, *(p.data for p in packets)]
    atomic_write(path, b"".join(parts))


def read_index(path: Path) -> list[tuple[int, int, int, bool]]:
    """(bytes, pts, duration, key) of every packet.

    Raises:
        DerainError: The file is not one of ours.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(_LENGTH), "little")
            entries = [
                (int(n), int(p), int(d), bool(k)) for n, p, d, k in json.loads(file.read(size))
            ]
        if path.stat().st_size != _LENGTH + size + sum(entry[0] for entry in entries):
            raise ValueError
    except (OSError, ValueError, MemoryError) as error:
        raise DerainError(
            f"{path}: is no whole segment; remove its folder and run again"
        ) from error
    return entries


def read_segment(path: Path) -> Iterator[Coded]:
    """The packets of a segment."""
    entries = read_index(path)
    with path.open("rb") as file:
        file.seek(_LENGTH + int.from_bytes(file.read(_LENGTH), "little"))
        for size, pts, duration, key in entries:
            yield Coded(file.read(size), pts, duration, key)


def decode_times(pts: list[int]) -> list[int]:
    """When each packet is decoded, given in decoding order when each is shown.

    Ascending, and never after the time of showing: the sorted times of showing, later by as many
    frames as the codec reorders at most. Those before the first are as near to it as any two are,
    since MP4 counts them as time that passes.
    """
    ordered = sorted(pts)
    rank = {value: place for place, value in enumerate(ordered)}
    delay = max((place - rank[value] for place, value in enumerate(pts)), default=0)
    step = max(1, min((later - at for at, later in pairwise(ordered)), default=1))
    early = [ordered[0] - step * (delay - place) for place in range(min(delay, len(pts)))]
    return early + ordered[: len(pts) - len(early)]
