"""What a server is started with, and how it divides its memory."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

from derain.errors import UsageError
from derain.files import explain_os_error
from derain.restore.memory import GIB, clip_memory, free_memory
from derain.zoo import DEFAULT, Model, load_model, model_names

MIB = 1 << 20

LEAST_MEMORY = 512
_MOST_MEMORY, _MOST_WITH_CLIPS = 6144, 8192
_LIBRARIES = 200  # the interpreter, the libraries and the weights (MEASURED)
_LIBRARIES_OF_CLIPS = 100  # PyAV, OpenCV and the gate, beside them (MEASURED)
_LEAST_CLIP = clip_memory(320, 240)  # with less, no clip worth the name could be taken


@dataclass(frozen=True)
class Settings:
    """A server's options.

    Attributes:
        model: The default model, of the shipped ones or the path of a card.
        backend: As for :class:`derain.Derainer`.
        threads: Threads of the network, 0 for all.
        memory: Megabytes for the whole process; None for three quarters of what is free, at most
            6 GiB.
        max_megapixels: Larger pictures are refused.
        max_megabytes: Larger files are refused.
        queue: Pictures that wait or are worked on at once; others are refused for now.
        deadline: Seconds from a picture's last byte to its answer.
        grace: Seconds that work under way may take once the server is told to stop.
        clip_queue: Clips that come, wait or are worked on at once; 0 takes none.
        max_clip_megabytes: Larger files of clips are refused.
        clip_disk: Megabytes that clips and their results may take; None for half of what is free,
            at most 10 GiB.
        clip_deadline: Seconds of work on a clip.
        clip_folder: Where they lie; None for the system's folder of temporary files.
        keep_clips: Seconds that a result stays.
        token: What clients must show; None for nothing.

    Raises:
        UsageError: A value that makes no sense.
    """

    model: str = DEFAULT
    backend: str = "auto"
    threads: int = 0
    memory: int | None = None
    max_megapixels: float = 50
    max_megabytes: float = 64
    queue: int = 16
    deadline: float = 300
    grace: float = 30
    clip_queue: int = 8
    max_clip_megabytes: float = 1024
    clip_disk: int | None = None
    clip_deadline: float = 14400
    clip_folder: Path | None = None
    keep_clips: float = 3600
    token: str | None = None

    def __post_init__(self) -> None:
        if self.memory is not None and self.memory < LEAST_MEMORY:
            raise UsageError(f"--memory must be at least {LEAST_MEMORY}, not {self.memory}")
        if self.queue < 1:
            raise UsageError(f"--queue must be at least 1, not {self.queue}")
        if not 0 <= self.grace < math.inf:
            raise UsageError(f"--grace must be a number of seconds, not {self.grace:g}")
        if self.clip_queue < 0:
            raise UsageError(f"--clip-queue must be at least 0, not {self.clip_queue}")
        if self.clip_disk is not None and self.clip_disk < 1:
            raise UsageError(f"--clip-disk must be at least 1, not {self.clip_disk}")
        positive = (
            "max_megapixels", "max_megabytes", "deadline", "max_clip_megabytes", "clip_deadline",
            "keep_clips",
        )  # fmt: skip
        for option in positive:
            value = getattr(self, option)
            if not 0 < value < math.inf:  # false for NaN too
                raise UsageError(f"--{option.replace('_', '-')} must be above 0, not {value:g}")


@dataclass(frozen=True)
class Shares:
    """One process's memory, divided so that no part can wait for another: bytes.

    Attributes:
        network: For a run of each model.
        uploads: For files that clients send.
        pictures: For pictures, unpacked, and their results.
        clip: For the frames of the clip at work; 0 where that would be too little for any.
    """

    network: int
    uploads: int
    pictures: int
    clip: int = 0


def shares(megabytes: int | None, models: int, clips: bool = False) -> Shares:
    """Divide :attr:`Settings.memory` among so many models and what comes in.

    Args:
        megabytes: The setting.
        models: How many.
        clips: Whether clips are to be taken.
    """
    if megabytes is None:
        free = free_memory() * 3 // 4 // MIB
        megabytes = max(LEAST_MEMORY, min(_MOST_WITH_CLIPS if clips else _MOST_MEMORY, free))
    whole = _divided(megabytes - _LIBRARIES, models)
    if not clips:
        return whole
    beside = _divided(megabytes - _LIBRARIES - _LIBRARIES_OF_CLIPS, models)
    # Most of it, since a frame of a clip takes 25 times what a pixel of a picture does.
    clip = beside.pictures * 3 // 5
    if clip < _LEAST_CLIP:
        return whole
    return replace(beside, pictures=beside.pictures - clip, clip=clip)


def _divided(megabytes: int, models: int) -> Shares:
    rest = megabytes * MIB
    network, uploads = min(GIB, rest // 2 // models), rest // 8
    return Shares(network, uploads, rest - network * models - uploads)


def served_models(default: str) -> tuple[str, dict[str, Model]]:
    """The default's name, and all models by name: the shipped ones and, if it is none, the default.

    Raises:
        ModelNotFoundError, CorruptModelError: As :func:`derain.zoo.load_model`.
    """
    first = load_model(default)
    others = [load_model(name) for name in model_names() if name != first.card.name]
    return first.card.name, {model.card.name: model for model in (first, *others)}


def read_token(path: Path | None) -> str | None:
    """The token in a file, or in ``DERAIN_TOKEN``; None where neither is given.

    Raises:
        UsageError: Both are given, or what is given holds no token.
    """
    from_environment = os.environ.get("DERAIN_TOKEN")
    if path is None and from_environment is None:
        return None
    if path is not None and from_environment is not None:
        raise UsageError("--token-file and DERAIN_TOKEN exclude each other")
    if path is None:
        token, origin = (from_environment or "").strip(), "DERAIN_TOKEN"
    else:
        try:
            token, origin = path.read_text(encoding="ascii").strip(), str(path)
        except OSError as error:
            raise explain_os_error(error, path) from error
        except UnicodeDecodeError:
            raise UsageError(f"{path}: a token is plain ASCII") from None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{origin}: holds no token; give one line of printable ASCII")
    return token
