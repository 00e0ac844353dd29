"""A first-in, first-out store of embeddings: many samples for little memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Bank(nn.Module):
    """Keeps the newest ``size`` embeddings (MoCo's queue, He et al., CVPR 2020).

    Its contents are buffers, so that they are saved and go along with the run.
    """

    entries: Tensor
    filled: Tensor
    at: Tensor

    def __init__(self, size: int, dimensions: int) -> None:
        super().__init__()
        self.register_buffer("entries", torch.zeros(size, dimensions))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))
        self.register_buffer("at", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, embeddings: Tensor) -> None:
        """Store (N, D) embeddings, without gradient, in place of the oldest.

        Those that are not finite are left out: they would be in every sum from then on.
        """
        size = len(self.entries)
        new = embeddings.detach()
        new = new[new.isfinite().all(dim=1)][-size:].to(self.entries)
        places = (int(self.at) + torch.arange(len(new), device=new.device)) % size
        self.entries[places] = new
        self.at.fill_((int(self.at) + len(new)) % size)
        self.filled.fill_(min(size, int(self.filled) + len(new)))

    def read(self) -> Tensor:
        """All that is stored, (n, D)."""
        return self.entries[: int(self.filled)]
