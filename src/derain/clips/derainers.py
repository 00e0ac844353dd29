"""What takes rain from a stream of frames, and the one place that says which of them is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from derain.clips.frames import Pixels

if TYPE_CHECKING:
    from derain.restore import Derainer
    from derain.restore.temporal.stream import StillDerainer

    class _OfPictures(StillDerainer, Protocol):
        @property
        def strength(self) -> float: ...


T = TypeVar("T")


class FrameDerainer(Protocol):
    """Takes frames and gives as many, in order, perhaps some frames later.

    Frames are (H, W, 3) RGB, uint8 or uint16, all of one shape and type. A result must be a pure
    function of the frames that are at most ``context`` away, so that a clip can be gone on with.
    """

    @property
    def context(self) -> int:
        """How many frames before and after a frame have a part in its result."""
        ...

    @property
    def fingerprint(self) -> str:
        """Another one where, beside the pictures' model, anything decides results otherwise."""
        ...

    def __call__(self, frames: Iterable[Pixels], /) -> Iterator[Pixels]:
        """One frame out for each frame in."""
        ...


def beside(
    derainer: FrameDerainer, frames: Iterable[T], colour: Callable[[T], Pixels]
) -> Iterator[tuple[T, Pixels]]:
    """Each frame, whatever it is, with what became of its colour."""
    waiting: deque[T] = deque()

    def feed() -> Iterator[Pixels]:
        for frame in frames:
            waiting.append(frame)
            yield colour(frame)

    for clean in derainer(feed()):
        yield waiting.popleft(), clean


def for_clips(derainer: _OfPictures) -> FrameDerainer:
    """What clips are derained by, with the model and the strength of what derains pictures."""
    from derain.restore.temporal import VideoDerainer

    return VideoDerainer(derainer, strength=derainer.strength)


def settings_of(derainer: Derainer) -> dict[str, Any]:
    """What decides a clip's frames beside :attr:`FrameDerainer.fingerprint`: goes on with these."""
    from derain import __version__

    card = derainer.model.card
    return {
        "derain": __version__, "model": card.name, "weights": card.sha256,
        "backend": derainer.backend, "strength": derainer.strength,
    }  # fmt: skip
