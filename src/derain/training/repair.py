"""The detachable detail branch: behind another derainer, in training and in use."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from derain.adapters import Derain, Pixels, foreign_derainer
from derain.errors import TrainingError
from derain.nn import load_network
from derain.tensors import to_pixels, to_tensor
from derain.training.validation import restore


def coarse_pictures(first: Derain, rainy: Tensor) -> Tensor:
    """What another derainer makes of a batch: (N, 3, H, W) in [0, 1] -> the same, on its grid.

    Each picture is given to it as 8-bit pixels, as it will be in use.
    """
    return torch.cat([to_tensor(first(image)) for image in to_pixels(rainy)]).to(rainy)


def repaired(run: Path) -> Derain:
    """Another derainer with the detail branch of a finished run behind it.

    Source: DRD-Net calls its detail branch detachable, to be put behind other derainers (PAPER).

    Args:
        run: Folder of a run that was trained with ``first``.

    Raises:
        TrainingError: It is not finished, or was trained without ``first``.
    """
    path = run / "config.json"
    first = json.loads(path.read_text()).get("first") if path.is_file() else None
    if not first or not (run / "network.safetensors").is_file():
        raise TrainingError(f"{run}: not a finished run with first")
    network, derain = load_network(run / "network.safetensors"), foreign_derainer(first)

    def both(image: Pixels) -> Pixels:
        return restore(network, image, torch.device("cpu"), derain)[0]

    return both
