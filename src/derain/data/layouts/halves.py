"""Both pictures of a pair as halves of one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derain.data.layouts.base import Layout, images, relative_name
from derain.data.pairs import Half, Pair, Pairs, Pixels, half_of, list_images, read_rgb
from derain.data.scenes import perceptual_hash
from derain.errors import DatasetError

_SAMPLES = 8


class Halves(Layout):
    """One file each, as Rain800 comes.

    Told so by name, the clean half is the left one, and folders below count; found by looking, the
    rainy half is the rougher one of a sample, and pictures of the folder alone count.
    """

    name = "side-by-side"
    example = "both halves in one picture"

    def recognise(self, path: Path, root: Path | None = None) -> Pairs | None:
        own = images(path, deep=False)
        votes, damaged = 0, None
        for picture in own[:: max(1, len(own) // _SAMPLES)][:_SAMPLES]:
            try:
                image = read_rgb(picture)
            except DatasetError as error:  # the others tell how it lies, and whoever reads it, this
                damaged = error
                continue
            height, width = image.shape[:2]
            if width % 2 or width < height:
                return None
            left, right = half_of(image, "left"), half_of(image, "right")
            if (perceptual_hash(left) ^ perceptual_hash(right)).bit_count() > 24:
                return None
            votes += 1 if _roughness(right) > _roughness(left) else -1
        if not own:
            return None
        if not votes:
            raise damaged or DatasetError(
                f"{path}: cannot tell which half is rainy; use rainy/ and clean/"
            )
        return _pairs(path, own, "left" if votes > 0 else "right")

    def read(self, path: Path, root: Path | None = None) -> Pairs:
        return _pairs(path, list_images(path), "left")


def _pairs(folder: Path, files: list[Path], clean: Half) -> Pairs:
    rainy = "right" if clean == "left" else "left"
    return Pairs(
        f"both in one picture, rainy {rainy}",
        (Pair(relative_name(p, folder), p, p, clean) for p in files),
    )


def _roughness(image: Pixels) -> float:
    """Mean step between neighbours: rain adds some."""
    plane = image.astype(np.float32).mean(axis=2)
    return float(np.abs(np.diff(plane, axis=1)).mean())
