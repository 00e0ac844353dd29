"""What a study is: one configuration, named changes to it, seeds."""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import Path
from typing import Any

from pydantic.dataclasses import dataclass

from derain.errors import ConfigError
from derain.settings import STRICT, build, merge, read_toml
from derain.training.config import TrainConfig, config_from_dict


@dataclass(frozen=True, config=STRICT)
class Variant:
    """One row of the table.

    Attributes:
        name: As in the table; also the folder's name.
        set: What differs from the study's ``run``.
        against: The row that this one is held against; empty for the first variant.
    """

    name: str
    set: dict[str, Any] = field(default_factory=dict)
    against: str = ""


@dataclass(frozen=True, config=STRICT)
class Study:
    """A study file. See research/studies/.

    Attributes:
        title: Heads the tables.
        out: Folder of all its runs, a folder for each variant and seed.
        seeds: Every variant is trained once with each.
        run: A training configuration without ``out`` and ``seed``. A source of weight 0 is not
            trained on but validated: so a set or a family of rain is held out.
        variants: The rows.
        real: Folders of real photographs to measure, relative to ``run.data.root``.
        photos: At most this many of them, spread evenly.
        text: What the tables are for, in words.
    """

    title: str
    out: str
    seeds: tuple[int, ...]
    run: dict[str, Any]
    variants: tuple[Variant, ...]
    real: tuple[str, ...] = ()
    photos: int = 40
    text: str = ""

    def __post_init__(self) -> None:
        names = [variant.name for variant in self.variants]
        if not names or not self.seeds:
            raise ConfigError("a study needs at least one [[variants]] and one seed")
        if len(set(names)) < len(names) or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError("a study's variants and seeds must differ from each other")
        for variant in self.variants:
            if not variant.name or set(variant.name) & set("/\\\0"):
                raise ConfigError(f"{variant.name!r} is no name for a variant (it names a folder)")
            if variant.against and variant.against not in names:
                raise ConfigError(f"{variant.name}: against names no variant {variant.against!r}")
            if variant.against == variant.name or (variant.against and variant is self.variants[0]):
                raise ConfigError(f"{variant.name}: cannot be held against {variant.against!r}")
            if taken := {"out", "seed"} & set(variant.set):
                raise ConfigError(f"{variant.name}: {taken.pop()} is the study's to give")
        if taken := {"out", "seed"} & set(self.run):
            raise ConfigError(f"run.{taken.pop()} is the study's to give")

    @property
    def real_folders(self) -> list[Path]:
        """The folders of real photographs, from the working folder."""
        root = Path(self.run.get("data", {}).get("root", "."))
        return [root / folder for folder in self.real]

    def config(self, variant: Variant, seed: int) -> TrainConfig:
        """The training run of one cell.

        Raises:
            ConfigError: The variant's changes do not fit; names it.
        """
        own = {"out": str(self.folder(variant, seed)), "seed": seed}
        values = merge(merge(self.run, variant.set), own)
        return config_from_dict(values, f"variant {variant.name!r}")

    def folder(self, variant: Variant, seed: int) -> Path:
        """Where that run lives."""
        return Path(self.out) / variant.name / f"seed{seed}"

    def reference(self, variant: Variant) -> Variant | None:
        """What a variant is held against: the named one, or the first; None for the first."""
        named = [v for v in self.variants if v.name == variant.against]
        first = named[0] if named else self.variants[0]
        return None if first is variant else first


def load_study(path: Path, data: str = "", out: str = "") -> Study:
    """Read a study; every run's configuration is checked before any is started.

    Args:
        path: A TOML file.
        data: Where the sources' paths start, in place of the file's ``run.data.root``.
        out: In place of the file's ``out``.

    Raises:
        ConfigError: The file is missing or no TOML, or a key or value is wrong.
    """
    study = build(Study, read_toml(path), str(path))
    if data:
        study = replace(study, run=merge(study.run, {"data": {"root": data}}))
    if out:
        study = replace(study, out=out)
    for variant in study.variants:
        study.config(variant, study.seeds[0])
    return study
