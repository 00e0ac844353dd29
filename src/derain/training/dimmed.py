"""Rain that is fainter than it was drawn or photographed."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

FAINTEST = 0.08
"""Share of its brightness that the faintest rain keeps."""


def dimmed(rainy: Tensor, clean: Tensor, share: float, generator: Generator) -> Tensor:
    """B + a (O - B) with a in 0.08..1 for some pictures, O for the others.

    Streaks of a few levels, before trees or on a wet road, are what people see most in real
    photographs; pairs hold none, and under PSNR a network that never met them learns to let
    everything faint be. Mixing by a factor is the paper's sample augmentation, here for pairs
    (OURS); the factor is log-uniform.

    Args:
        rainy: O, (N, 3, H, W) in [0, 1].
        clean: B, the same shape.
        share: Of the pictures whose rain is dimmed.
        generator: Decides which, and how much.

    Returns:
        (N, 3, H, W), in steps of 1/255 as pictures hold them.
    """
    count, device = len(rainy), generator.device
    chosen = torch.rand(count, generator=generator, device=device) < share
    factor = FAINTEST ** torch.rand(count, generator=generator, device=device)
    mixed = clean + factor.view(-1, 1, 1, 1) * (rainy - clean)
    return torch.where(chosen.view(-1, 1, 1, 1), (mixed * 255).round() / 255, rainy)
