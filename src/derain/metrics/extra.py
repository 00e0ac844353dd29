"""More full-reference metrics where torchmetrics (Apache-2.0) is installed; never required."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from derain.errors import UsageError
from derain.metrics.metric import Metric, Sample
from derain.metrics.protocols import check_comparable


def _functional(name: str) -> Any:
    """torchmetrics.functional.image; a UsageError without it."""
    try:
        from torchmetrics.functional import image
    except ImportError:
        raise UsageError(
            f"metric '{name}' needs torchmetrics (Apache-2.0): pip install torchmetrics"
        ) from None
    return image


def _metric(name: str, function: str, help: str, smallest: int, **options: float) -> Metric:
    """A function of torchmetrics.functional.image on RGB in 0..255, of sides that it takes."""

    def compute(sample: Sample) -> float | None:
        import torch

        pair = sample.restored, sample.truth
        check_comparable(*pair)
        if min(sample.truth.shape[:2]) < smallest:
            return None
        tensors = (torch.from_numpy(np.moveaxis(x, 2, 0)[None].astype(np.float32)) for x in pair)
        value = float(getattr(_functional(name), function)(*tensors, **options))
        return value if math.isfinite(value) else None  # of a picture of one colour, say

    def require() -> None:
        _functional(name)

    return Metric(
        name=f"extra/{name}",
        help=help,
        better={"pairs": "higher", "rain-free": "higher"},
        compute=compute,
        digits=4,
        tolerance=0.001,
        best=1.0,
        on_request=True,
        require=require,
        revision=0,
    )


VIF = _metric(
    "vif",
    "visual_information_fidelity",
    "Visual information fidelity (Sheikh and Bovik, 2006), through torchmetrics.",
    smallest=41,
)
UQI = _metric(
    "uqi",
    "universal_image_quality_index",
    "Universal image quality index (Wang and Bovik, 2002), through torchmetrics.",
    smallest=11,
)
MS_SSIM = _metric(
    "ms-ssim",
    "multiscale_structural_similarity_index_measure",
    "Multi-scale structural similarity (Wang et al., 2003), through torchmetrics; of pictures of "
    "176 pixels a side and above.",
    smallest=176,
    data_range=255.0,
)
