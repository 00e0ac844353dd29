"""Weights that a configuration names, and the other files that a run takes from elsewhere."""

from __future__ import annotations

from pathlib import Path

from derain.data import sha256
from derain.errors import ConfigError
from derain.training.config import TrainConfig
from derain.zoo import load_model, model_names


def weight_file(named: str, key: str) -> Path:
    """The file of a shipped model's name, or of a path.

    Args:
        named: What the configuration says.
        key: The key that says it, for the error.

    Raises:
        ConfigError: There is no such file.
    """
    if named in model_names():
        return load_model(named).weights_path()
    path = Path(named)
    if not path.is_file():
        first = f"; the run with out={path.parent} leaves it, and has to come first"
        hint = first if path.name == "network.safetensors" else ", and no shipped model"
        raise ConfigError(f"{key}={named}: no such weight file{hint}")
    return path


def sums_of_files(config: TrainConfig) -> dict[str, str]:
    """Key -> SHA-256 of the weights, rain layers and evidence that a run takes from elsewhere.

    Other files under the same names make it another run. Not those of shipped models: these are
    others in another version, and a run that has learned from one is what it is all the same.
    """
    real, blend = config.real, config.blend
    named = {"init": config.init, "teacher": config.teacher, "first": config.first}
    named |= {"blend.init": blend.init} if blend else {}
    named |= {f"real.helpers: {name}": name for name in real.helpers} if real else {}
    named |= {"real.weights": real.weights} if real else {}
    named |= {f"the bank of '{each.name}'": each.bank for each in config.data.synthesis}
    named |= {f"the evidence '{each.name}'": each.path for each in config.data.evidence}
    return {
        key: sha256(Path(name))
        for key, name in named.items()
        if name not in model_names() and Path(name).is_file()
    }
