"""Clips of a run: derained where they can be gone on with, each result written once.

Encoders need not give equal bytes twice. So before a result is written, a receipt in the target
says what it will be, and by it a run that was killed before its manifest told of the result, and
was begun again, knows the result for its own.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from derain.batch.digests import Ours, digest
from derain.batch.manifest import FOLDER, Row
from derain.batch.once import sha256_of, taken, write_once
from derain.batch.places import clear_places, place_for
from derain.batch.stores import Store
from derain.batch.stores.folder import Folder
from derain.clips.derainers import for_clips, settings_of
from derain.clips.formats import check_clip_name, is_container
from derain.errors import DerainError, InputNotFoundError
from derain.restore import Derainer
from derain.restore.memory import clip_memory
from derain.restore.room import Room

_HELD = 8
"""Bytes a pixel of all frames of an animated picture, which are held until it is encoded."""


class Clips:
    """Does clips; one may serve several threads.

    Args:
        target: Where results go.
        derainer: Of pictures; its memory and processors are those of frames, too.
        room: For all that is at work beside the network.
        frames: Told (name, finished frames, all frames as far as known) of clips at work.
        quality: Of animated pictures, where their format has loss; None for what is usual.
        max_pixels: Clips with larger frames are refused; None for any.
    """

    def __init__(
        self,
        target: Store,
        derainer: Derainer,
        room: Room,
        frames: Callable[[str, int, int], None],
        quality: int | None = None,
        max_pixels: int | None = None,
    ) -> None:
        self._target, self._derainer, self._room = target, derainer, room
        self._frames, self._quality, self._max_pixels = frames, quality, max_pixels

    def video(self, row: Row, store: Store, key: str, ours: Ours) -> Row:
        """Do a video file.

        Args:
            row: Names it and its result.
            store, key: Where it is.
            ours: What earlier runs wrote there, which may be replaced.

        Returns:
            The row: done; or failed, where parts of the clip cannot be read, and what can be is
            written.

        Raises:
            OutputConflictError: Something else has the result's name, or another process is at
                work on it.
            DerainError: Nothing was written.
        """
        from derain.clips.container import probe
        from derain.clips.work import ClipJob, made_clip

        began, target = time.monotonic(), self._target
        if (told := _told_before(target, row.target)) is not None:
            if (told.place, told.source) != (row.place, row.source):
                raise taken(target, row.target)
            if told.version == row.version:
                clear_places(store, key, target, row.target)
                return told
            ours |= {digest(told.sha256)}  # made of the clip as it was before
        elif _is_taken(target, row.target, ours):
            raise taken(target, row.target)
        with place_for(store, key, target, row.target) as place:
            info, stream = probe(place.source, self._max_pixels), for_clips(self._derainer)
            outputs, settings = {"clean": place.result}, settings_of(self._derainer)
            progress = partial(self._frames, row.source)
            job = ClipJob(place.source, outputs, stream, settings, progress=progress)
            with (
                self._room.hold(clip_memory(*info.seen_size, info.deep)),
                made_clip(job, info) as made,
            ):
                files, result = made
                file = files["clean"]
                error = result.told_damage(place.source, place.result) if result.damage else ""
                row = replace(
                    row,
                    status="failed" if result.damage else "done",
                    sha256=sha256_of(Folder(file.parent), file.name),
                    seconds=round(time.monotonic() - began, 3),
                    error=place.told(error),
                    notes=tuple(map(place.told, result.notes)),
                    pixels=result.frames * result.width * result.height,
                    unchanged=not result.changed,
                )
                target.replace(_receipt_name(row.target), row.to_json().encode())
                write_once(target, row.target, file, row.sha256, ours)
        return row

    def animation(self, row: Row, store: Store, key: str, ours: Ours) -> Row:
        """Do an animated picture; as :meth:`video`, but begun anew each time."""
        from derain.clips.animation import open_animation
        from derain.clips.animation_work import derain_animation

        with place_for(store, key, self._target, row.target, beside=False) as place:
            check_clip_name(place.source, place.result)
            animation = open_animation(place.source, self._max_pixels)
            stream = for_clips(self._derainer)
            width, height = animation.size
            pixels = animation.frames * width * height
            with self._room.hold(clip_memory(width, height) + pixels * _HELD):
                outputs = {"clean": place.result}
                progress = partial(self._frames, row.source)
                result = derain_animation(place.source, outputs, stream, progress, self._quality)
            data = place.result.read_bytes()
            row = replace(
                row,
                status="done",
                sha256=hashlib.sha256(data).hexdigest(),
                notes=tuple(map(place.told, result.notes)),
                pixels=pixels,
                unchanged=not result.changed,
            )
            write_once(self._target, row.target, data, row.sha256, ours)
        return row


def settled(target: Store, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows as they come, each of which is in the manifest when the next one is asked for.

    Then its receipt may go. That of a damaged clip stays, so that it is not derained again until it
    is another one.
    """
    for row in rows:
        yield row
        if is_container(Path(row.target)) and (row.done or not row.version):
            with suppress(DerainError):  # a receipt does no harm
                target.remove(_receipt_name(row.target))


def _receipt_name(name: str) -> str:
    return f"{FOLDER}/{digest(name):016x}.clip"


def _told_before(target: Store, name: str) -> Row | None:
    """What the receipt of a result says, where it is that of what is there."""
    try:
        told = Row.from_json(json.loads(target.read(_receipt_name(name))))
        return told if sha256_of(target, name) == told.sha256 else None
    except (InputNotFoundError, ValueError, TypeError):  # none, or none that can be read
        return None


def _is_taken(target: Store, name: str, ours: Ours) -> bool:
    try:
        return digest(sha256_of(target, name)) not in ours
    except InputNotFoundError:
        return False
