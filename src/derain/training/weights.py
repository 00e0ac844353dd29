"""Weights that a configuration names."""

from __future__ import annotations

from pathlib import Path

from derain.errors import ConfigError
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
