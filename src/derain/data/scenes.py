"""Splits by scene: pictures that show one scene never stand on both sides.

The sets of this field repeat scenes (Rain800's 700 training pairs show about 370), so a split by
file leaks. Pictures are grouped by perceptual hash, and whole groups are drawn.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HASH_SIDE = 8
SAME_SCENE = 10  # bits of 64 that may differ


def perceptual_hash(image: NDArray[np.uint8]) -> int:
    """64-bit DCT hash of an (H, W, 3) picture (the pHash of Zauner, 2010).

    Grey, 32x32, DCT-II, the 8x8 lowest frequencies without the mean against their median. JPEG,
    light rain and a change of size leave most bits as they are.
    """
    side = 4 * HASH_SIDE
    grey = Image.fromarray(image).convert("L").resize((side, side), Image.Resampling.LANCZOS)
    k = np.arange(side)
    basis = np.cos(np.pi * (2 * k[None, :] + 1) * k[:, None] / (2 * side))
    spectrum = (basis @ np.asarray(grey, dtype=np.float64) @ basis.T)[:HASH_SIDE, :HASH_SIDE]
    values = spectrum.ravel()
    bits = values > np.median(values[1:])
    bits[0] = False
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def group_scenes(hashes: Mapping[str, int], same: int = SAME_SCENE) -> list[list[str]]:
    """Groups of names whose hashes are linked by at most ``same`` differing bits."""
    names = sorted(hashes)
    # Copies of a picture are linked to begin with; every other hash is held against all the rest.
    values, place = np.unique(np.array([hashes[n] for n in names], np.uint64), return_inverse=True)
    leader = list(range(len(values)))

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for i, value in enumerate(values):
        differing = np.bitwise_count(values[i + 1 :] ^ value)
        for j in np.flatnonzero(differing <= same):
            leader[find(i + 1 + int(j))] = find(i)
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for name, i in zip(names, place.tolist(), strict=True):
        groups[find(i)].append(name)
    return list(groups.values())


def split_scenes(hashes: Mapping[str, int], share: float, seed: int = 0) -> set[str]:
    """Names held out for validation: about ``share`` of the scenes, every picture of each.

    A scene's side depends on its own name and the seed alone, so that adding a source moves none of
    the scenes that were there (but for those the new pictures join).
    """
    held: set[str] = set()
    for group in group_scenes(hashes):
        digest = hashlib.sha256(f"{seed}/{min(group)}".encode()).digest()
        if int.from_bytes(digest[:8], "big") < share * 2**64:
            held.update(group)
    return held
