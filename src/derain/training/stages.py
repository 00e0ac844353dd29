"""A run in stages: one file, one folder a stage, each from what the one before left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from derain.errors import ConfigError
from derain.settings import Values, merge, over_included, parse_overrides, read_toml
from derain.training.config import TrainConfig, config_from_dict
from derain.training.resume import is_finished
from derain.training.trainer import Trainer

# Keys that name weights, and tables that hold such keys.
_OF_WEIGHTS = {"init", "blend", "teacher", "real", "helpers"}
# Where the stages lie, and what the first begins with: the others go on from there.
_OF_THE_FIRST = {"out", "seed", "init", "init_branches", "init_blocks"}


def load_stages(path: Path, overrides: Sequence[str] = ()) -> list[TrainConfig]:
    """The runs of a TOML file, checked before the first is started.

    ``[[stages]]`` is a list of tables: each has a ``name``, may ``include`` files, and has what
    differs from the file's own values. A stage writes to ``OUT/NAME`` and starts from the weights
    of the stage before, unless it has an ``init`` of its own; its seed is the file's plus its
    place. Wherever weights are named, ``@NAME`` stands for those of an earlier stage. A file
    without stages is one run.

    Args:
        path: The file.
        overrides: ``key=value``, over every stage (``init...`` over the first, ``seed`` as in the
            file); ``stages.NAME.key=value`` over one.

    Raises:
        ConfigError: The file is missing or no TOML, or a key or value is wrong; names the key.
    """
    values, over = read_toml(path), parse_overrides(overrides)
    tables, own = values.pop("stages", []), over.pop("stages", {})
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{path}: stages must be tables, each headed [[stages]]")
    if not isinstance(own, dict) or not all(isinstance(table, dict) for table in own.values()):
        raise ConfigError("stages: is set as stages.NAME.key=value")
    stages = [over_included(stage, path) for stage in tables]
    if not stages and not own:
        return [config_from_dict(merge(values, over), str(path))]
    names = [stage.get("name", "") for stage in stages]
    if not all(names) or len(set(names)) < len(names):
        raise ConfigError(f"{path}: every stage needs a name of its own")
    if unknown := set(own) - set(names):
        raise ConfigError(f"{path}: there is no stage {sorted(unknown)[0]!r}")
    asked = {key: over.pop(key) for key in set(over) - _OF_THE_FIRST}
    common, first = merge(values, over), {key: over[key] for key in over if key.startswith("init")}
    seed = common.get("seed", 0)
    if not isinstance(seed, int):
        raise ConfigError(f"{path}: seed must be a whole number, not {seed!r}")
    if not isinstance(common.get("out"), str):
        raise ConfigError(f"{path}: out is missing, the folder of its stages")
    configs: list[TrainConfig] = []
    for index, stage in enumerate(stages):
        name = stage["name"]
        changes = {key: value for key, value in stage.items() if key != "name"}
        given: Values = {"out": f"{common['out']}/{name}", "seed": seed + index}
        if configs:
            # What a first stage takes from elsewhere is no matter of the next.
            common.pop("init_blocks", None)
            given |= {"init": f"{configs[-1].out}/network.safetensors"}
            given |= {"init_branches": ["rain", "detail"]}
        whole = merge(merge(common, given), changes if configs else merge(changes, first))
        here = {key: value for key, value in asked.items() if key != "real" or key in whole}
        whole = merge(merge(whole, here), own.get(name, {}))
        left = {f"@{Path(each.out).name}": f"{each.out}/network.safetensors" for each in configs}
        origin = f"{path}, stage {name!r}"
        configs.append(config_from_dict(_with_weights(whole, left, origin), origin))
    return configs


def _with_weights(value: Any, left: Mapping[str, str], origin: str) -> Any:
    """A stage's values with the files of earlier stages in the place of their ``@NAME``."""
    if isinstance(value, list | tuple):
        return type(value)(_with_weights(each, left, origin) for each in value)
    if isinstance(value, dict):
        named = {key: each for key, each in value.items() if key in _OF_WEIGHTS}
        return value | {key: _with_weights(each, left, origin) for key, each in named.items()}
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    if value not in left:
        raise ConfigError(f"{origin}: there is no stage {value[1:]!r} before it")
    return left[value]


def run_stages(
    configs: Sequence[TrainConfig], report: Callable[[str], None], origin: str = ""
) -> tuple[bool, int]:
    """Train what is not finished yet, in order; goes on where it was stopped.

    Args:
        configs: As :func:`load_stages` gave them.
        report: Receives one line for each step on the way.
        origin: The file they came from, for the record.

    Returns:
        Whether all are finished, and the number of the signal that stopped it, 0 for none.

    Raises:
        ConfigError: A stage's folder holds a run with another configuration.
        DatasetError, TrainingError: As :meth:`Trainer.run`.
    """
    for config in configs:
        if is_finished(config):
            report(f"{config.out}: finished before{_steps_apart(config)}")
            continue
        if len(configs) > 1:
            report(f"{config.out}: {config.steps} steps")
        trainer = Trainer(config, report, origin)
        if trainer.run() is None:
            return False, trainer.signalled or 0
    return True, 0


def _steps_apart(config: TrainConfig) -> str:
    """What to know of a finished run at a constant rate that was to have another length."""
    made = json.loads((Path(config.out) / "config.json").read_text())["steps"]
    if made == config.steps:
        return ""
    hint = "; remove its scores.json to go on" if made < config.steps else ""
    return f", with {made} steps instead of {config.steps}{hint}"
