"""Whether a folder holds the run that a configuration asks for."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from derain.data import sha256
from derain.errors import ConfigError
from derain.training.config import TrainConfig, config_from_dict

# Keys that may differ: they change no weight.
_FREE = {"out", "time_limit", "checkpoint_every", "keep", "log_every", "validation"}


def is_finished(config: TrainConfig) -> bool:
    """Whether the run's folder holds it, whole.

    Raises:
        ConfigError: It holds a finished run with another configuration, or one that began with
            weights of another run which are others by now.
    """
    folder = Path(config.out)
    if not (folder / "scores.json").is_file():
        return False
    if key := differing_key(folder / "config.json", config):
        raise ConfigError(
            f"{folder} holds a finished run with another '{key}'; give another out=FOLDER, or "
            "remove this one to start anew"
        )
    began, init = json.loads((folder / "started.json").read_text()), Path(config.init)
    # A shipped model is another one in another version, and its run is finished all the same.
    if "init_sha256" in began and init.is_file() and sha256(init) != began["init_sha256"]:
        raise ConfigError(
            f"{folder} holds a finished run that began with other weights than {init} holds now; "
            "remove it to train it from these"
        )
    return True


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
