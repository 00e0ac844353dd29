"""Whether a folder holds the run that a configuration asks for."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from derain.errors import ConfigError
from derain.training.config import TrainConfig, config_from_dict
from derain.training.weights import sums_of_files

# Keys that may differ: they change no weight.
_FREE = {"out", "time_limit", "checkpoint_every", "keep", "log_every", "validation"}


def is_finished(config: TrainConfig) -> bool:
    """Whether the run's folder holds it, whole.

    Raises:
        ConfigError: As :func:`refuse_other_run`.
    """
    folder = Path(config.out)
    if not (folder / "scores.json").is_file():
        return False
    refuse_other_run(config, "a finished run")
    return True


def refuse_other_run(config: TrainConfig, holds: str = "a run") -> None:
    """Make sure that the run in the configuration's folder is the configuration's.

    Args:
        config: What is asked for.
        holds: What the folder holds, for the error.

    Raises:
        ConfigError: It is a run with another configuration, or one that began with files (weights
            of a stage before, a bank) which are others by now.
    """
    folder = Path(config.out)
    if key := differing_key(folder / "config.json", config):
        raise ConfigError(
            f"{folder} holds {holds} with another '{key}'; give another out=FOLDER, or "
            "remove this one to start anew"
        )
    began = json.loads((folder / "started.json").read_text()).get("sha256", {})
    for key, found in sums_of_files(config).items():
        if began.get(key, found) != found:
            raise ConfigError(
                f"{folder} holds {holds} that began with another file ({key}) than is there now; "
                "give another out=FOLDER, or remove this one to train it from this"
            )


def differing_key(path: Path, config: TrainConfig) -> str:
    """The first key in which a run's ``config.json`` is another run's; empty for the same run.

    A key that did not exist when the run was made has its default.
    """
    values = json.loads(path.read_text())
    with suppress(ConfigError):  # keys that are gone are told apart below
        values = config_from_dict(values).to_dict()
    before, now = (json.loads(json.dumps(x)) for x in (values, config.to_dict()))
    for either in (before, now):
        either.get("data", {}).pop("memory", None)  # nor does that
    free = _FREE
    if config.optimizer.schedule == "constant":
        free = free | {"steps"}  # what was done does not depend on what is to come
    keys = sorted((set(before) | set(now)) - free)
    return next((key for key in keys if before.get(key) != now.get(key)), "")
