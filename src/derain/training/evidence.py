"""What a learnt gate is trained on: evidence of made clips beside their truth, in one file.

A clip is made from photographs, its frames are aligned as those of any clip, and of a few of them
crops are kept: what the gate reads, what the single-picture network makes of the frame, the truth.
The file is safetensors: ``seen`` (n, 19, side, side) and ``truth`` (n, 3, side, side), uint8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import Tensor

from derain.data import group_scenes, list_images, read_rgb
from derain.errors import ConfigError, DatasetError, first_line
from derain.files import atomic_write
from derain.rain.clips import ClipStyle, make_clip
from derain.restore.temporal import RADIUS
from derain.restore.temporal.learnt import planes
from derain.restore.temporal.motion import Motion
from derain.restore.temporal.window import gather
from derain.training.facts import FactStore, Part
from derain.training.pictures import Pictures, picture_cache
from derain.training.split import survey

Pixels = NDArray[np.uint8]

STYLE = ClipStyle(
    frames=9,
    height=300,
    width=400,
    near=(0, 1),
    moving=(0, 2),
    rain=("light", "every", "every", "dense", "heavy", "blurred", "dry", "dry"),
    noise=(0.0, 0.012),
)
"""Every kind of clip; a quarter is dry."""

_PHOTOS = 3  # a clip is made of
_PER_CLIP = ((4, 2), (1, 1), (0, 1))  # (frame, crops of it): whole windows, and those at an end


def make_evidence(
    path: Path,
    photos: Sequence[Path],
    clips: int,
    side: int,
    held: float,
    still: Callable[[Pixels], Pixels],
    seed: int,
    report: Callable[[str], None] = lambda _: None,
) -> int:
    """Make clips and write what a gate is shown of them, atomically; gives how many crops.

    Args:
        path: The file.
        photos: Folders of clean photographs.
        clips: How many clips are made.
        side: Of a crop, in pixels.
        held: Share of the clips that is held out; their scenes are in no other clip.
        still: The single-picture network.
        seed: Fixes everything.
        report: Receives a line now and then.

    Raises:
        ConfigError: No clips or only held-out ones, crops larger than frames, or too few scenes.
        DatasetError: A folder is missing or empty, or a photograph is damaged; names it.
    """
    if clips < 2 or not 32 <= side <= min(STYLE.height, STYLE.width) or side % 2:
        raise ConfigError(
            f"evidence needs at least 2 clips and an even side from 32 to "
            f"{min(STYLE.height, STYLE.width)}, not {clips} of {side}"
        )
    aside = max(1, round(held * clips))
    if aside == clips:
        raise ConfigError(f"all {clips} clips would be held out; make more, or hold out fewer")
    kept, kept_out = _divided(photos, held, seed, report)
    seen: list[Pixels] = []
    truth: list[Pixels] = []
    for number in range(clips):
        own = kept_out if number < aside else kept
        rng = np.random.default_rng((seed, number))
        chosen = [own[int(i)] for i in rng.choice(len(own), _PHOTOS, replace=False)]
        for item, clean in _crops([read_rgb(file) for file in chosen], side, still, rng):
            seen.append(item)
            truth.append(clean)
        if (number + 1) % 50 == 0:
            report(f"{number + 1} of {clips} clips")
    each = sum(count for _, count in _PER_CLIP)
    header = {"held": aside * each, "side": side, "seed": seed}
    path.parent.mkdir(parents=True, exist_ok=True)
    # Contiguous: the library writes the memory of any other array as it lies.
    data = {
        name: np.ascontiguousarray(np.stack(each))
        for name, each in (("seen", seen), ("truth", truth))
    }
    atomic_write(path, save(data, {"evidence": json.dumps(header)}))
    return len(seen)


def _divided(
    folders: Sequence[Path], held: float, seed: int, report: Callable[[str], None]
) -> tuple[list[Path], list[Path]]:
    """Photographs that clips are made of, and those of the held-out ones: a scene is on one side.

    Every photograph is decoded, unless an earlier run has: a damaged one is named before any work.
    """
    files = sorted({file for folder in folders for file in list_images(folder)})
    with FactStore() as store:
        facts = survey((Part(file) for file in files), Pictures(picture_cache(0)), store, report)
    by_name = {file.as_posix(): file for file in files}
    scenes = group_scenes({name: facts[Part(file)].hash for name, file in by_name.items()})
    scenes.sort(key=min)
    wanted, aside = max(_PHOTOS, round(held * len(files))), set[Path]()
    for index in np.random.default_rng(seed).permutation(len(scenes)):
        if len(aside) < wanted:
            aside |= {by_name[name] for name in scenes[index]}
    kept = [file for file in files if file not in aside]
    if min(len(kept), len(aside)) < _PHOTOS:
        raise ConfigError(
            f"evidence needs photographs of at least {2 * _PHOTOS} scenes, some on either "
            f"side, not {len(files)} photographs of {len(scenes)} scenes"
        )
    return kept, sorted(aside)


def _crops(
    photos: Sequence[Pixels],
    side: int,
    still: Callable[[Pixels], Pixels],
    rng: np.random.Generator,
) -> Iterator[tuple[Pixels, Pixels]]:
    clip = make_clip(photos, STYLE, int(rng.integers(1 << 31)))
    frames, motion = dict(enumerate(clip.rainy)), Motion()
    for number, frame in frames.items():
        motion.add(number, frame)
    for at, count in _PER_CLIP:
        first, last = max(0, at - RADIUS), min(STYLE.frames - 1, at + RADIUS)
        evidence = gather(frames, at, motion.shot(at, first, last), motion)
        read = np.rint(planes(evidence) * 255).astype(np.uint8)
        one = still(clip.rainy[at]).transpose(2, 0, 1)
        for _ in range(count):
            top = int(rng.integers(STYLE.height - side + 1))
            left = int(rng.integers(STYLE.width - side + 1))
            place = slice(None), slice(top, top + side), slice(left, left + side)
            yield np.concatenate([read, one])[place], clip.clean[at].transpose(2, 0, 1)[place]


class Evidence:
    """The crops of a file, read when they are asked for.

    Args:
        path: A file that :func:`make_evidence` wrote.

    Attributes:
        held: How many of them, the first ones, are held out.

    Raises:
        DatasetError: It is missing, damaged or cut short.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise DatasetError(f"{path}: no such file; make it with 'derain evidence'")
        try:
            with safe_open(path, framework="pt") as file:
                header: dict[str, Any] = json.loads((file.metadata() or {})["evidence"])
                self.held = int(header["held"])
                self._seen, self._truth = file.get_slice("seen"), file.get_slice("truth")
            self._count = int(self._seen.get_shape()[0])
        except (SafetensorError, LookupError, TypeError, ValueError, OSError) as error:
            reason = first_line(error)
            raise DatasetError(f"{path}: no whole file of evidence ({reason})") from error

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """(19, side, side) and (3, side, side) uint8."""
        seen, truth = (torch.as_tensor(each[index]) for each in (self._seen, self._truth))
        return seen, truth
