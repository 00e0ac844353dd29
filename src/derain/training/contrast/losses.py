"""Contrastive losses on embeddings."""

from __future__ import annotations

import torch
from torch import Tensor


def supervised_contrast(
    anchors: Tensor, positives: Tensor, negatives: Tensor, temperature: float
) -> Tensor:
    """``-mean_p log(exp(a.p / t) / (exp(a.p / t) + sum_n exp(a.n / t)))`` of every anchor.

    InfoNCE (van den Oord et al., 2018) with the mean over positives outside the logarithm
    (SupCon's L_out, Khosla et al., 2020). That the paper's constraint has this form is OURS.

    Args:
        anchors: (A, D), of unit length.
        positives: (P, D), of unit length, the same for every anchor.
        negatives: (N, D), of unit length.
        temperature: t, 0.2 by default.

    Returns:
        (A,); zeros without positives, since there is nothing to pull towards.
    """
    if not len(positives):
        return anchors.sum(dim=1) * 0
    near = anchors @ positives.T / temperature
    far = torch.logsumexp(anchors @ negatives.T / temperature, dim=1, keepdim=True)
    if not len(negatives):
        far = torch.full_like(near[:, :1], -torch.inf)
    return (torch.logaddexp(near, far) - near).mean(dim=1)
