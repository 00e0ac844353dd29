"""Where a clip is entered of which the beginning is not wanted: hours need not be decoded."""

from __future__ import annotations

from dataclasses import dataclass

from derain.clips.container import ClipInfo, limit_pixels, open_clip, picture_stream
from derain.clips.library import av

_WORTH = 10.0  # seconds before the start; fewer are decoded
_EARLY = 2.0  # seconds before the start that are asked for: indices count in the order of decoding
_INDEXED = {"mov", "matroska"}  # containers that know where their key frames are


@dataclass(frozen=True)
class Entry:
    """A place from which all frames decode as they do from the beginning.

    Attributes:
        origin: Time of the clip's first frame, in ticks of its time base.
        target: Time that is sought, in the same.
    """

    origin: int
    target: int


def find_entry(info: ClipInfo, start: float | None) -> Entry | None:
    """A place before ``start`` seconds; None where the clip must be read from its beginning.

    That is: near the beginning, in containers without an index, and where seeking ends behind the
    start, such as in clips whose pictures are refreshed bit by bit and have no key frames.
    """
    if start is None or start <= _WORTH:
        return None
    with open_clip(info.path, info.most_pixels) as container:
        if not _INDEXED & set(container.format.name.split(",")):
            return None
        stream = picture_stream(container, info.path)
        limit_pixels(stream, info.most_pixels)
        try:
            origin = next(container.decode(stream)).pts
            if origin is None:
                return None
            wanted = origin + int(start / info.time_base)
            entry = Entry(origin, wanted - int(_EARLY / info.time_base))
            container.seek(entry.target, stream=stream)
            landed = next(container.decode(stream)).pts
        except (StopIteration, av.FFmpegError):  # reading from the beginning tells what is wrong
            return None
    return entry if landed is not None and landed <= wanted else None
