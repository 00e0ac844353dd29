"""Rain that was only partly taken away, so that a detail branch has something to learn from."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from derain.nn import Network


def partly_derained(
    network: Network, rainy: Tensor, partial: float, generator: Generator
) -> Tensor:
    """Coarse pictures O - a R, with a = 1 for most pictures and anything in 0..1 for the others.

    Behind a rain branch that has learned, what is left to a detail branch is little, and most of
    it noise: from fresh weights it learns to do nothing. A rain layer taken away in part is how
    rain branches fail, too, and teaches the detail branch to see rain and to end the work (OURS).

    Args:
        network: Its rain branch is at rest.
        rainy: O, (N, 3, H, W) in [0, 1].
        partial: Share of the pictures whose rain layer is taken away in part.
        generator: Decides which, and how much.

    Returns:
        (N, 3, H, W), signed, without gradient.
    """
    count, device = len(rainy), generator.device
    chosen = torch.rand(count, generator=generator, device=device) < partial
    share = torch.rand(count, generator=generator, device=device).where(
        chosen, torch.ones((), device=device)
    )
    layer: Tensor
    with torch.no_grad():
        layer, _ = network.part("rain")(rainy)
    return rainy - share.to(layer).view(-1, 1, 1, 1) * layer.float()
