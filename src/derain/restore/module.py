"""The models as PyTorch modules, to build on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from derain.errors import BackendUnavailableError
from derain.zoo import DEFAULT, load_model

if TYPE_CHECKING:
    from derain.nn import Network


def load_torch(model: str | os.PathLike[str] = DEFAULT) -> Network:
    """A model as a :class:`torch.nn.Module`, in eval mode, on the processor.

    Its forward pass takes (N, 3, H, W) float32 in [0, 1], H and W multiples of
    ``config.size_multiple`` in eval mode, and gives the layers ``rain``, ``coarse``, ``detail`` and
    ``clean``, each (N, 3, H, W), with gradients.

    Args:
        model: ``base``, ``fast``, or the path of a model's card, NAME.json.

    Raises:
        ModelNotFoundError, CorruptModelError: As :func:`derain.load_model`.
        BackendUnavailableError: PyTorch is not installed.

    Example:
        >>> import torch
        >>> from derain import load_torch
        >>> network = load_torch("fast")
        >>> side = network.config.size_multiple
        >>> network(torch.rand(1, 3, side, side)).clean.shape == (1, 3, side, side)
        True
    """
    try:
        from derain.nn import load_network
    except ImportError:
        raise BackendUnavailableError(
            "load_torch needs PyTorch: pip install 'derain[gpu]'"
        ) from None
    return load_network(load_model(model).weights_path())
