"""What a network costs: counted where it runs, so that no architecture has to say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from derain.errors import ConfigError
from derain.nn.network import Network

_MOVES = ("cat", "clone", "constant_pad_nd", "embedding", "index", "index_select", "repeat")
"""What hands weights on, beside views, and multiplies nothing."""


def macs_per_pixel(network: Network) -> int:
    """Multiply-accumulates of the folded network for each image pixel, at inference.

    Convolutions, linear layers, products of matrices and attention, as PyTorch's own counter has
    them. Nothing is computed for it: the picture has a shape and no pixels.

    Raises:
        ConfigError: Weights meet an operation whose multiplications the counter does not know.
    """
    folded, side = network.folded().to("meta"), network.config.size_multiple
    picture = torch.empty(1, network.inference_planes, side, side, device="meta")
    with FlopCounterMode(display=False) as counter, _Known(folded):
        folded.branches(picture, picture) if folded.needs_coarse else folded.inference(picture)
    return round(int(counter.get_total_flops()) / 2 / side**2)


class _Known(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses what the counter would take for free."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        # A weight with one side, as a normalisation's or a slope, scales; others are multiplied.
        held = (*network.parameters(), *network.buffers())
        self._weights = {_storage(t) for t in held if sum(side > 1 for side in t.shape) > 1}

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        free = func.is_view or torch.Tag.pointwise in func.tags
        known = free or func.overloadpacket in flop_registry or _name(func) in _MOVES
        if not known and self._weights.intersection(map(_storage, _tensors(args))):
            raise ConfigError(
                f"the cost of {func.overloadpacket} with weights is not known; tell it by "
                "torch.utils.flop_counter.register_flop_formula in the architecture's file"
            )
        return func(*args, **(kwargs or {}))


def _storage(tensor: Tensor) -> int:
    """What a tensor and its views have in common; without pixels it has no address."""
    return int(tensor.untyped_storage()._cdata)


def _name(func: Any) -> str:
    return str(func.overloadpacket).rpartition(".")[2]


def _tensors(args: Sequence[Any]) -> list[Tensor]:
    flat = [a for arg in args for a in (arg if isinstance(arg, list | tuple) else (arg,))]
    return [a for a in flat if isinstance(a, Tensor)]
