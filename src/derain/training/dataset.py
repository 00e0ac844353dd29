"""What a run trains and validates on: pools and a held-out part, decoded when they are asked for.

Before the first step every file is known to be there, whole and of its partner's size, and every
picture has its scene (:mod:`derain.training.split`); no pixel is kept for that. While the run goes
on, a file that vanishes, changes or can no longer be decoded ends it with an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from derain.data import Pair, split_scenes
from derain.errors import DatasetError
from derain.tensors import as_planes
from derain.training.batches import PairPool, Pool, SynthesisPool
from derain.training.config import DataConfig, EvidenceSource, PairSource, SynthesisSource
from derain.training.evidence import Evidence
from derain.training.lazy import Lazy
from derain.training.rained import CPU, rained, synthesizer_of
from derain.training.sources import Sources
from derain.training.split import divide

Pixels = NDArray[np.uint8]
Report = Callable[[str], None]


@dataclass
class Loaded:
    """What a run trains and validates on. Every sequence reads an item when it is asked for it.

    Attributes:
        pools: Training patches come from here.
        held_pairs: Held-out (name, rainy, clean) of each source that rains, (H, W, 3) uint8; what
            rains on a held-out photograph of a synthesis is the same each time.
        held_photos: Held-out (name, photo) of each source of clean photographs.
        split: Source -> names of held-out pictures, in the order of those.
        counts: Source -> number of pictures trained on, or whose rain is.
    """

    pools: list[Pool] = field(default_factory=list)
    held_pairs: dict[str, Sequence[tuple[str, Pixels, Pixels]]] = field(default_factory=dict)
    held_photos: dict[str, Sequence[tuple[str, Pixels]]] = field(default_factory=dict)
    split: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def rain_free(self) -> Sequence[tuple[str, Pixels, Pixels]]:
        """All held-out photographs as pairs (name, photo, photo), each once, by name."""
        places = {
            name: (held, index)
            for source, held in self.held_photos.items()
            for index, name in enumerate(self.split[source])
        }

        def pair(name: str) -> tuple[str, Pixels, Pixels]:
            held, index = places[name]
            _, photo = held[index]
            return name, photo, photo

        return Lazy(sorted(places), pair)


def load_data(config: DataConfig, device: torch.device, report: Report = lambda _: None) -> Loaded:
    """Look at every source, group all pictures into scenes, and hold whole scenes out.

    All sources share one split: a scene held out for one is trained on by none.

    Raises:
        DatasetError: A folder is missing or empty, a picture is damaged or a pair does not fit;
            or one side of a source's split is empty.
    """
    sources = Sources(config, report)
    held = split_scenes(sources.hashes, config.validation_share, config.split_seed)
    loaded = Loaded()
    lent = {name for synthesis in config.synthesis for name in synthesis.lenders}
    for source in config.pairs:
        _add_pairs(loaded, source, sources, held, source.name in lent)
    for synthesis in config.synthesis:
        _add_synthesis(loaded, synthesis, sources, held, config, device)
    for evidence in config.evidence:
        _add_evidence(loaded, evidence)
    return loaded


def _tensors(pair: Pair, read: Callable[[Path], Pixels]) -> tuple[Tensor, Tensor]:
    rainy, clean = pair.load(read)
    return as_planes(rainy), as_planes(clean)


def _add_pairs(
    loaded: Loaded, source: PairSource, sources: Sources, held: set[str], lends: bool
) -> None:
    pairs, read = sources.pairs[source.name], sources.pictures.read
    kept, out = divide(source.name, pairs, held)
    shown = Lazy([pairs[name] for name in kept], lambda pair: _tensors(pair, read))
    loaded.pools.append(PairPool(source.name, source.weight, shown, source.view))
    loaded.held_pairs[source.name] = Lazy(out, lambda name: (name, *pairs[name].load(read)))
    loaded.split[source.name] = out
    loaded.counts[source.name] = len(kept) if source.weight or lends else 0


def _add_evidence(loaded: Loaded, source: EvidenceSource) -> None:
    evidence = Evidence(Path(source.path))

    def pixels(index: int) -> tuple[str, Pixels, Pixels]:
        seen, truth = (part.permute(1, 2, 0).numpy() for part in evidence[index])
        return f"{index:05d}", seen, truth

    kept = range(evidence.held, len(evidence))
    if not kept or not evidence.held:
        raise DatasetError(
            f"{source.path}: {len(kept)} crops to train on and {evidence.held} to validate on; "
            "make it anew with other --clips or --held"
        )
    shown = Lazy(kept, evidence.__getitem__)
    loaded.pools.append(PairPool(source.name, source.weight, shown))
    loaded.counts[source.name] = len(kept)
    # A dry frame has no error to begin with: one would hide a hundred others in a mean.
    out: dict[str, list[int]] = {source.name: [], f"{source.name} dry": []}
    for index in range(evidence.held):
        seen, truth = evidence[index]
        out[f"{source.name} dry" if torch.equal(seen[:3], truth) else source.name].append(index)
    for name, held in out.items():
        loaded.held_pairs[name] = Lazy(held, pixels)
        loaded.split[name] = [f"{index:05d}" for index in held]


def _add_synthesis(
    loaded: Loaded,
    source: SynthesisSource,
    sources: Sources,
    held: set[str],
    config: DataConfig,
    device: torch.device,
) -> None:
    root, seed = Path(config.root), config.split_seed
    pictures, files = sources.pictures, sources.files
    kept, out = divide(source.name, sources.photos[source.name], held)
    rain = synthesizer_of(source, root, loaded.pools, pictures, device)
    shown = Lazy([files[name] for name in kept], lambda path: as_planes(pictures.read(path)))

    def photo(name: str) -> Pixels:
        return pictures.read(files[name])

    loaded.held_photos[source.name] = Lazy(out, lambda name: (name, photo(name)))
    if rain.preset.recipes:
        fresh = synthesizer_of(source, root, loaded.pools, pictures, CPU, banked=False)
        under = Lazy(out, lambda name: (name, *rained(photo(name), fresh, seed, name)))
        loaded.held_pairs[source.name] = under
    loaded.pools.append(SynthesisPool(source.name, source.weight, shown, rain, source.view))
    loaded.split[source.name] = out
    loaded.counts[source.name] = len(kept) if source.weight else 0
