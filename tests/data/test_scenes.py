"""Pictures of one scene never stand on both sides of a split."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from derain.data import perceptual_hash, split_scenes
from derain.data.scenes import SAME_SCENE, group_scenes
from derain.rain import RainSynthesizer, rain_preset

Pixels = NDArray[np.uint8]


def crops(photos: list[Pixels]) -> dict[str, Pixels]:
    """Different scenes: crops of photographs."""
    return {
        f"{i}-{y}-{x}": photo[y : y + 80, x : x + 80]
        for i, photo in enumerate(photos)
        for y in (0, 80, 160)
        for x in (0, 60, 120, 176)
        if photo[y : y + 80, x : x + 80].std() > 35  # a flat sky has no scene to recognise
    }


def copies(picture: Pixels) -> list[Pixels]:
    """What becomes of one scene in these sets: compressed, scaled, rained upon."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=40)
    half = Image.fromarray(picture).resize((57, 57))
    clean = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None] / 255
    rainy = RainSynthesizer(rain_preset("light"))(clean, torch.Generator().manual_seed(0)).rainy
    return [
        np.asarray(Image.open(buffer)),
        np.asarray(half),
        (rainy[0] * 255).byte().permute(1, 2, 0).numpy(),
    ]


def test_copies_stay_with_their_scene(photos: list[Pixels]) -> None:
    hashes = {}
    for name, picture in crops(photos).items():
        for index, copy in enumerate([picture, *copies(picture)[:2]]):
            hashes[f"{name}/{index}"] = perceptual_hash(copy)
    held = split_scenes(hashes, 0.3, seed=1)
    assert 0 < len(held) < len(hashes)
    for name in crops(photos):
        sides = {f"{name}/{index}" in held for index in range(3)}
        assert len(sides) == 1, name


def test_different_scenes_are_told_apart(photos: list[Pixels]) -> None:
    values = [perceptual_hash(photo) for photo in photos]
    for i, a in enumerate(values):
        assert all(bin(a ^ b).count("1") > SAME_SCENE for b in values[i + 1 :])
    rained = perceptual_hash(copies(photos[0])[2])
    assert bin(values[0] ^ rained).count("1") <= SAME_SCENE


def test_groups_are_linked_through_others() -> None:
    chain = {"a": 0, "b": (1 << 8) - 1, "c": (1 << 16) - 1, "d": (1 << 60) - 1}
    assert group_scenes(chain, same=8) == [["a", "b", "c"], ["d"]]


def test_a_split_is_stable_when_sources_are_added() -> None:
    rng = np.random.default_rng(0)
    hashes = {f"p{i}": int(rng.integers(0, 2**63)) for i in range(300)}
    more = {**hashes, **{f"q{i}": int(rng.integers(0, 2**63)) for i in range(300)}}
    held, held_more = split_scenes(hashes, 0.2, 0), split_scenes(more, 0.2, 0)
    assert held == {name for name in held_more if name.startswith("p")}
    assert 30 < len(held) < 90
    assert split_scenes(hashes, 0.2, 1) != held
