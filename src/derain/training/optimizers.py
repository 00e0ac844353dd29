"""Optimisers by name: Adam, or Muon for the hidden convolutions and Adam beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from derain.nn import Network
from derain.training.config import OptimizerConfig

_SMALLEST = 16
"""Channels on both sides from which a convolution is hidden, not a network's first or last."""


class Muon(Optimizer):
    """Momentum, orthogonalised by Newton-Schulz iterations (Jordan and others 2024, "Muon").

    A convolution (out, in, h, w) is the matrix (out, in * h * w). Its update is scaled by
    ``0.2 * sqrt(max(rows, columns))``, so that its size is Adam's (Liu and others 2025,
    arXiv 2502.16982). ``torch.optim.Muon`` takes matrices only and multiplies in bfloat16, which
    processors without it emulate: ten times as slow as this, where it was measured.

    Args:
        params: Tensors of two or more dimensions.
        lr: Rate, in Adam's units.
        momentum: Decay of the averaged gradient (Nesterov's).
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                average = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                update = weight.grad.lerp(average, group["momentum"])
                matrix = orthogonal(update.flatten(1))
                size = 0.2 * max(matrix.shape) ** 0.5
                weight.add_(matrix.view(update.shape), alpha=-group["lr"] * size)


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix with its singular values brought near 1: between 0.7 and 1.2, not to 1 exactly.

    Five steps of the quintic Newton-Schulz iteration of Muon's authors, in float32.

    Args:
        matrix: (rows, columns), any scale.
    """
    turned = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if turned else matrix
    x = x / x.norm().clamp(min=1e-7)  # no singular value above 1: the iteration's domain
    for _ in range(5):
        square = x @ x.T
        polynomial = torch.addmm(square, square, square, beta=-4.775, alpha=2.0315)
        x = torch.addmm(x, polynomial, x, beta=3.4445)
    return x.T if turned else x


def _adam(parameters: Sequence[nn.Parameter], config: OptimizerConfig) -> list[Optimizer]:
    return [_plain_adam(parameters, config)]


def _muon(parameters: Sequence[nn.Parameter], config: OptimizerConfig) -> list[Optimizer]:
    hidden = [p for p in parameters if _is_hidden(p)]
    rest = [p for p in parameters if not _is_hidden(p)]
    found: list[Optimizer] = [Muon(hidden, config.rate)] if hidden else []
    return found + ([_plain_adam(rest, config)] if rest else [])


def _is_hidden(parameter: Tensor) -> bool:
    return parameter.ndim == 4 and min(parameter.shape[:2]) >= _SMALLEST


def _plain_adam(parameters: Sequence[nn.Parameter], config: OptimizerConfig) -> Optimizer:
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(parameters, config.rate, betas=betas, fused=True)


OPTIMIZERS: dict[str, Callable[[Sequence[nn.Parameter], OptimizerConfig], list[Optimizer]]] = {
    "adam": _adam,
    "muon": _muon,
}
"""By ``optimizer.kind``; each gives the optimisers that share some parameters."""


def optimizers_of(network: Network, config: OptimizerConfig) -> list[Optimizer]:
    """The optimisers of a network, each for its share of the parameters that learn.

    Every group of theirs holds in ``"share"`` what part of the run's rate is its own.
    """
    found: list[Optimizer] = []
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            share = config.shares.get(name.split(".")[0], 1.0)
            groups.setdefault(share, []).append(parameter)
    for share, parameters in groups.items():
        own = OPTIMIZERS[config.kind](parameters, config)
        for group in (group for optimizer in own for group in optimizer.param_groups):
            group["share"] = share
        found += own
    return found
