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
        temperature: t, about 0.07.

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


def feature_ratio(
    anchor: list[Tensor], positive: list[Tensor], negative: list[Tensor], weights: list[float]
) -> Tensor:
    """``sum_i w_i |f_i(a) - f_i(p)| / (|f_i(a) - f_i(n)| + 1e-7)``, L1 means over layers i.

    Source: AECR-Net (Wu et al., CVPR 2021), there with VGG19's relu1_1 ... relu5_1 and weights
    1/32, 1/16, 1/8, 1/4, 1. Only for pictures that show one scene: it compares place by place.

    Args:
        anchor, positive, negative: Features of each layer, (N, C, H, W).
        weights: One for each layer.
    """
    terms = [
        w * (a - p.detach()).abs().mean() / ((a - n.detach()).abs().mean() + 1e-7)
        for w, a, p, n in zip(weights, anchor, positive, negative, strict=True)
    ]
    return torch.stack(terms).sum()
