"""A manifest of runs and models, carried out: from nothing to the files the zoo ships."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from derain.errors import ConfigError
from derain.export.run import Report, export_run
from derain.training import TrainConfig, Trainer
from derain.training.config import build, config_from_dict, merge, read_toml
from derain.training.resume import is_finished


@dataclass(frozen=True)
class Run:
    """A training run.

    Attributes:
        config: Its TOML file, relative to the manifest.
        set: What differs from the file.
    """

    config: str
    set: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """A model to export.

    Attributes:
        name: As ``--model`` calls it.
        run: The ``out`` of the run it comes from.
        summary: One line for the card.
    """

    name: str
    run: str
    summary: str


@dataclass(frozen=True)
class Manifest:
    """What a release is made of; see configs/release.toml.

    Attributes:
        runs: In order: a run may start from those before it.
        models: What is exported once all runs are finished.
        licence: Terms of the weights, for the cards.
    """

    runs: tuple[Run, ...]
    models: tuple[Model, ...]
    licence: str = ""


def load_manifest(path: Path, data: str = "") -> tuple[Manifest, list[TrainConfig]]:
    """Read a manifest, and check all its runs before any is started.

    Args:
        path: A TOML file.
        data: Where the sources' paths start, in place of each run's ``data.root``.

    Raises:
        ConfigError: A file is missing or no TOML, a key or value is wrong, two runs have one
            folder, or a model comes from no run of the manifest.
    """
    manifest = build(Manifest, read_toml(path), str(path))
    configs = []
    for run in manifest.runs:
        file = path.parent / run.config
        values = merge(read_toml(file), run.set)
        if data:
            values = merge(values, {"data": {"root": data}})
        configs.append(config_from_dict(values, str(file)))
    folders = [config.out for config in configs]
    if len(set(folders)) < len(folders):
        raise ConfigError(f"{path}: two runs write to one folder")
    for model in manifest.models:
        if model.run not in folders:
            raise ConfigError(
                f"{path}: model {model.name!r} comes from no run with out={model.run}"
            )
    return manifest, configs


def reproduce(manifest: Manifest, configs: list[TrainConfig], out: Path, report: Report) -> int:
    """Train what is not finished yet, in order, and export the models.

    Stops as ``derain train`` does, and goes on where it stopped.

    Args:
        manifest, configs: As :func:`load_manifest` gave them.
        out: Folder that receives the models.
        report: Receives one line for each step.

    Returns:
        0, or the number of the signal that stopped it.
    """
    for config in configs:
        if is_finished(config):
            report(f"{config.out}: finished before")
            continue
        report(f"{config.out}: {config.steps} steps")
        trainer = Trainer(config, report=report)
        if trainer.run() is None:
            return trainer.signalled or 0
    for model in manifest.models:
        export_run(Path(model.run), model.name, out, model.summary, manifest.licence, report)
    return 0
