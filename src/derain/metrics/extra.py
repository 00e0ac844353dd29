"""More full-reference metrics where torchmetrics (Apache-2.0) is installed; never required."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derain.errors import UsageError
from derain.metrics.protocols import Pixels, check_comparable

EXTRA = {
    "vif": "visual_information_fidelity",
    "uqi": "universal_image_quality_index",
    "ms-ssim": "multiscale_structural_similarity_index_measure",
}
"""What ``--extra`` calls it -> function of torchmetrics.functional.image. RGB in 0..255."""


def extra_metric(name: str) -> Callable[[Pixels, Pixels], float]:
    """A metric of torchmetrics on two (H, W, 3) uint8 pictures.

    Raises:
        UsageError: Unknown, or torchmetrics is not installed.
    """
    if name not in EXTRA:
        raise UsageError(f"unknown extra metric '{name}'; known: {', '.join(EXTRA)}")
    try:
        import torch
        from torchmetrics.functional import image as functional
    except ImportError:
        raise UsageError(
            f"metric '{name}' needs torchmetrics (Apache-2.0): pip install torchmetrics"
        ) from None
    function: Callable[..., Any] = getattr(functional, EXTRA[name])
    options = {"data_range": 255.0} if name == "ms-ssim" else {}

    def measure(a: Pixels, b: Pixels) -> float:
        check_comparable(a, b)
        tensors = (torch.from_numpy(np.moveaxis(x, 2, 0)[None].astype(np.float32)) for x in (a, b))
        return float(function(*tensors, **options))

    return measure
