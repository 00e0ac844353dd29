"""``derain.video``: the frames of a clip, dry, one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from derain.clips.formats import may_be_animated
from derain.clips.frames import Pixels
from derain.errors import DamagedClipError, DerainError, UsageError

if TYPE_CHECKING:
    from derain.restore import Derainer


def video(
    path: str | os.PathLike[str],
    derainer: Derainer | None = None,
    *,
    start: float | None = None,
    end: float | None = None,
) -> Iterator[Pixels]:
    """The derained frames of a clip; memory does not grow with its length.

    Args:
        path: A video file (needs ``derain[video]``), an animated GIF, WebP or PNG, or a folder of
            numbered pictures.
        derainer: What to derain with; by default ``Derainer()``.
        start, end: The part that is meant, in seconds, of video files.

    Returns:
        (H, W, 3) RGB of each frame, upright; uint8, or uint16 for more than 8 bits a sample.

    Raises:
        InputNotFoundError, InvalidImageError, BackendUnavailableError: The clip cannot be opened.
        UsageError: ``start`` or ``end`` of what is no video file.
        DamagedClipError: After the last frame: parts of the clip could not be read.

    Example:
        >>> import derain
        >>> for frame in derain.video("clip.mp4"):  # doctest: +SKIP
        ...     print(frame.shape)
    """
    from derain.clips.derainers import for_clips

    if derainer is None:
        from derain.restore import Derainer

        derainer = Derainer()
    errors: list[DerainError] = []
    yield from for_clips(derainer)(_until(errors, read_clip(Path(path), start, end)))
    if errors:
        raise errors[0]


def _until(errors: list[DerainError], frames: Iterator[Pixels]) -> Iterator[Pixels]:
    """Frames until one cannot be read: those before it are still waited for behind the derainer."""
    try:
        yield from frames
    except DerainError as error:
        errors.append(error)


def read_clip(path: Path, start: float | None = None, end: float | None = None) -> Iterator[Pixels]:
    """The frames of a clip as they are; arguments, results and errors as of :func:`video`."""
    if path.is_dir() or may_be_animated(path):
        if start is not None or end is not None:
            raise UsageError(f"{path}: start and end go with video files only")
        yield from _pictures(path)
        return
    from derain.clips.container import probe
    from derain.clips.decode import Damage, Span, read_frames

    damage = Damage()
    for frame in read_frames(probe(path), Span(start, end), damage):
        yield frame.colour
    if told := damage.told():
        raise DamagedClipError(f"{path}: damaged: {told}")


def _pictures(path: Path) -> Iterator[Pixels]:
    """The frames of a folder of pictures, or of an animated one."""
    if path.is_dir():
        from derain.clips.folder import colours, frame_files, read_folder

        yield from map(colours, read_folder(frame_files(path)))
        return
    from derain.clips.animation import animation_frames

    for colour, _ in animation_frames(path):
        yield colour
