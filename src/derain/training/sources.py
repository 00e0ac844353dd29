"""The files of a run's sources, each looked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from derain.data import Pair, list_images, open_pairs, spread
from derain.training.config import DataConfig, PairSource, SynthesisSource
from derain.training.facts import Facts, FactStore, Part, parts_of
from derain.training.pictures import Pictures, picture_cache
from derain.training.split import survey


class Sources:
    """The files of all sources under the names their pictures have in a run, and their hashes.

    Attributes:
        pairs: Source -> name -> pair.
        photos: Source -> names of its clean photographs; one may be there twice.
        files: Name of a clean photograph -> its file.
        hashes: Name -> perceptual hash, of the clean one of a pair.
        pictures: Reads them.
    """

    def __init__(self, config: DataConfig, report: Callable[[str], None]) -> None:
        self._config, self._root, self._report = config, Path(config.root), report
        self.pictures = Pictures(picture_cache(config.memory))
        self.pairs: dict[str, dict[str, Pair]] = {}
        self.photos: dict[str, list[str]] = {}
        self.files: dict[str, Path] = {}
        self.hashes: dict[str, int] = {}
        self._names: dict[Path, str] = {}  # a photograph's, whatever sources it is in
        with FactStore() as self._store:
            for source in config.pairs:
                report(f"reading {source.name}")
                self.pairs[source.name] = self._read_pairs(source)
            for synthesis in config.synthesis:
                report(f"reading {synthesis.name}")
                self.photos[synthesis.name] = self._read_photos(synthesis)
                if synthesis.streaks:
                    self._survey(Part(p) for p in list_images(self._root / synthesis.streaks))

    def _survey(self, parts: Iterable[Part]) -> dict[Part, Facts]:
        return survey(parts, self.pictures, self._store, self._report)

    def _read_pairs(self, source: PairSource) -> dict[str, Pair]:
        start = self._root / source.root if source.root else None
        found = open_pairs(self._root / source.path, source.layout, start)
        if found.lonely:
            self._report(
                f"{source.name}: {len(found.lonely)} pictures have no partner and are left out, "
                f"such as {found.lonely[0]}"
            )
        pairs = {f"{source.name}/{p.name}": p for p in spread(found, self._config.limit)}
        facts = self._survey(part for pair in pairs.values() for part in parts_of(pair))
        for name, pair in pairs.items():
            seen = [facts[part] for part in parts_of(pair)]
            pair.check_sizes(seen[0].size, seen[-1].size)
            self.hashes[name] = seen[-1].hash
        return pairs

    def _read_photos(self, source: SynthesisSource) -> list[str]:
        named = {
            path: f"{folder}/{path.relative_to(self._root / folder).as_posix()}"
            for folder in source.paths
            for path in list_images(self._root / folder)
        }
        paths = spread(list(named), self._config.limit)
        new = [path for path in paths if path not in self._names]
        facts = self._survey(Part(path) for path in new)
        for path in new:
            self._names[path] = name = named[path]
            self.files[name] = path
            self.hashes[name] = facts[Part(path)].hash
        return [self._names[path] for path in paths]
