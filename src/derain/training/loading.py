"""From configured sources to pools in memory and a held-out part, split by scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from derain.data import Pair, list_images, open_pairs, perceptual_hash, split_scenes, spread
from derain.data.pairs import read_rgb
from derain.errors import DatasetError
from derain.rain.bank import RainBank
from derain.rain.folder import read_layers, without
from derain.rain.presets import rain_preset
from derain.rain.synthesizer import RainSynthesizer
from derain.training.batches import PairPool, Pool, SynthesisPool, step_generator
from derain.training.config import DataConfig, PairSource, SynthesisSource

Pixels = NDArray[np.uint8]

HELD_SIDE = 480
"""Held-out photographs are cut to this many pixels a side before it rains on them."""


@dataclass
class Loaded:
    """What a run trains and validates on.

    Attributes:
        pools: Training patches come from here.
        held_pairs: Held-out (name, rainy, clean) of each source that rains, (H, W, 3) uint8; the
            held-out photographs of a synthesis are rained on once and for all.
        held_photos: Held-out (name, photo) of each source of clean photographs.
        split: Source -> names of held-out pictures.
        counts: Source -> number of pictures trained on.
    """

    pools: list[Pool] = field(default_factory=list)
    held_pairs: dict[str, list[tuple[str, Pixels, Pixels]]] = field(default_factory=dict)
    held_photos: dict[str, list[tuple[str, Pixels]]] = field(default_factory=dict)
    split: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def _to_tensor(image: Pixels, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).to(device)


def _synthesizer(
    source: SynthesisSource, root: Path, pools: Sequence[Pool], device: torch.device, banked: bool
) -> RainSynthesizer:
    """A source's rain; what is held out is drawn anew, so that it depends on no bank."""
    chosen, bank, rendered = rain_preset(source.preset), None, []
    if banked and source.bank:
        bank = RainBank(Path(source.bank), chosen)
    if source.streaks and not bank:
        rendered = [layer.to(device) for layer in read_layers(root / source.streaks)]
    extracted = [
        rain_layer(rainy, clean)
        for pool in pools
        if isinstance(pool, PairPool) and pool.name in source.lenders
        for rainy, clean in pool.pairs
    ]
    if not bank and source.bank:
        chosen = without(chosen, "filmed")
    return RainSynthesizer(chosen, rendered, extracted, bank=bank)


def rain_layer(rainy: Tensor, clean: Tensor) -> Tensor:
    """The grey layer that was added, (3, H, W) uint8 twice -> (H, W) uint8.

    It is O - B of the channel that shows most of it, since others may be cut off at white.
    """
    return (rainy.short() - clean.short()).amax(dim=0).clamp(min=0).byte()


def load_data(
    config: DataConfig, device: torch.device, report: Callable[[str], None] = lambda _: None
) -> Loaded:
    """Read every source once, group all pictures into scenes, and hold whole scenes out.

    All sources share one split: a scene held out for one is trained on by none.

    Raises:
        DatasetError: A folder is missing or empty, a picture is damaged or a pair does not fit;
            or one side of a source's split is empty.
    """
    root = Path(config.root)
    pairs: dict[str, list[tuple[str, Pixels, Pixels]]] = {}
    photos: dict[Path, tuple[str, Pixels]] = {}
    files: dict[str, list[Path]] = {}
    hashes: dict[str, int] = {}
    for source in config.pairs:
        report(f"reading {source.name}")
        pairs[source.name] = []
        for pair in spread(_pairs_of(source, root), config.limit):
            assert isinstance(pair, Pair)
            rainy, clean = pair.load()
            key = f"{source.name}/{pair.name}"
            pairs[source.name].append((key, rainy, clean))
            hashes[key] = perceptual_hash(clean)
    for synthesis in config.synthesis:
        report(f"reading {synthesis.name}")
        files[synthesis.name] = []
        for folder in synthesis.paths:
            for path in spread(list_images(root / folder), config.limit):
                assert isinstance(path, Path)
                files[synthesis.name].append(path)
                if path not in photos:
                    key = f"{folder}/{path.relative_to(root / folder).as_posix()}"
                    photos[path] = (key, read_rgb(path))
                    hashes[key] = perceptual_hash(photos[path][1])
    held = split_scenes(hashes, config.validation_share, config.split_seed)
    return _divide(config, device, pairs, photos, files, held)


def _pairs_of(source: PairSource, root: Path) -> list[Pair]:
    start = root / source.root if source.root else None
    return list(open_pairs(root / source.path, source.layout, start))


def _divide(
    config: DataConfig,
    device: torch.device,
    pairs: dict[str, list[tuple[str, Pixels, Pixels]]],
    photos: dict[Path, tuple[str, Pixels]],
    files: dict[str, list[Path]],
    held: set[str],
) -> Loaded:
    loaded = Loaded()
    tensors: dict[Path, Tensor] = {}
    for source in config.pairs:
        items = pairs[source.name]
        loaded.held_pairs[source.name] = [item for item in items if item[0] in held]
        kept = [
            (_to_tensor(rainy, device), _to_tensor(clean, device))
            for key, rainy, clean in items
            if key not in held
        ]
        loaded.pools.append(PairPool(source.name, source.weight, kept, source.view))
        _check(source.name, len(kept), len(loaded.held_pairs[source.name]))
        loaded.counts[source.name] = len(kept) if source.weight else 0
        loaded.split[source.name] = [item[0] for item in loaded.held_pairs[source.name]]
    for synthesis in config.synthesis:
        kept_paths = [p for p in files[synthesis.name] if photos[p][0] not in held]
        for path in kept_paths:
            tensors.setdefault(path, _to_tensor(photos[path][1], device))
        synthesizer = _synthesizer(synthesis, Path(config.root), loaded.pools, device, True)
        pool = SynthesisPool(
            synthesis.name,
            synthesis.weight,
            [tensors[p] for p in kept_paths],
            synthesizer,
            synthesis.view,
        )
        loaded.pools.append(pool)
        held_here = [photos[p] for p in files[synthesis.name] if photos[p][0] in held]
        _check(synthesis.name, len(kept_paths), len(held_here))
        loaded.held_photos[synthesis.name] = held_here
        if synthesizer.preset.recipes:
            if synthesis.bank:
                synthesizer = _synthesizer(
                    synthesis, Path(config.root), loaded.pools, device, False
                )
            loaded.held_pairs[synthesis.name] = [
                (key, *_rain_on(photo, synthesizer, config.split_seed, key))
                for key, photo in held_here
            ]
        loaded.counts[synthesis.name] = len(kept_paths) if synthesis.weight else 0
        loaded.split[synthesis.name] = [key for key, _ in held_here]
    return loaded


def _rain_on(
    photo: Pixels, synthesizer: RainSynthesizer, seed: int, key: str
) -> tuple[Pixels, Pixels]:
    """The middle of a held-out photograph under rain that its name and the seed decide."""
    top, left = (max(0, side - HELD_SIDE) // 2 for side in photo.shape[:2])
    middle = _to_tensor(photo[top : top + HELD_SIDE, left : left + HELD_SIDE], torch.device("cpu"))
    # What is held out must not depend on where training runs.
    generator = step_generator(seed, 0, f"validation/{key}", torch.device("cpu"))
    sample = synthesizer(middle[None].float() / 255, generator)
    rainy, clean = (
        (image[0] * 255).round().byte().permute(1, 2, 0).numpy()
        for image in (sample.rainy, sample.clean)
    )
    return rainy, clean


def _check(name: str, kept: int, held: int) -> None:
    if not kept or not held:
        raise DatasetError(
            f"{name}: {kept} pictures to train on and {held} to validate on; "
            "raise the number of pictures or change data.validation_share"
        )
