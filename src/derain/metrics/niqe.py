"""NIQE: how far a picture's statistics are from those of clean photographs. No reference needed.

Source: Mittal, Soundararajan and Bovik, "Making a 'completely blind' image quality analyzer",
IEEE SPL 2013; sizes and constants as in the authors' description (96-pixel blocks, two scales, 18
features each). The clean photographs it compares with are OURS, so values are not those of the
authors' own model: compare within one table only. Lower is better; the rain's streaks raise it, but
so does a smear.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from PIL import Image

from derain.errors import DatasetError
from derain.files import atomic_write
from derain.metrics.metric import Metric, Sample
from derain.metrics.protocols import Pixels, Planes, protocol_named
from derain.metrics.ssim import gaussian_valid

BLOCK = 96
SHARP = 0.75
PRISTINE = Path(__file__).parent / "pristine.safetensors"

Features = NDArray[np.float64]

_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Pristine:
    """A Gaussian over the features of clean photographs.

    Attributes:
        mean: (36,).
        covariance: (36, 36).
        origin: What it was fitted on.
    """

    mean: Features
    covariance: Features
    origin: str

    def save(self, path: Path) -> None:
        """Write it as safetensors."""
        tensors = {"mean": self.mean, "covariance": self.covariance}
        atomic_write(path, safetensors.numpy.save(tensors, {"origin": self.origin}))

    @classmethod
    def load(cls, path: Path = PRISTINE) -> Pristine:
        """Read what :meth:`save` wrote; anything else is a :class:`DatasetError`."""
        try:
            with safetensors.safe_open(path, "numpy") as file:
                origin = (file.metadata() or {}).get("origin", "")
                model = cls(file.get_tensor("mean"), file.get_tensor("covariance"), origin)
        except (OSError, safetensors.SafetensorError) as error:
            raise DatasetError(f"{path}: not a model of clean photographs ({error})") from error
        if model.mean.shape != (36,) or model.covariance.shape != (36, 36):
            raise DatasetError(f"{path}: not a model of clean photographs (wrong shapes)")
        return model


@lru_cache(maxsize=1)
def shipped_pristine() -> Pristine:
    """The model fitted by this project; its origin is inside the file."""
    return Pristine.load()


@lru_cache(maxsize=1)
def _shape_table() -> tuple[Features, Features]:
    """Shapes 0.2..10 and the ratio E|x|^2 / E x^2 each gives."""
    shapes = np.arange(0.2, 10, 0.001)
    ratio = [math.gamma(2 / a) ** 2 / (math.gamma(1 / a) * math.gamma(3 / a)) for a in shapes]
    return shapes, np.array(ratio)


def fit_aggd(samples: Features) -> tuple[Features, Features, Features]:
    """Asymmetric generalised Gaussians by moment matching (Lasmar et al., 2009).

    Args:
        samples: (n, m): n distributions, m samples each.

    Returns:
        Shape, left scale and right scale, each (n,).
    """
    tiny = np.finfo(np.float64).tiny
    left, right = samples < 0, samples > 0
    squares = samples**2
    sd_left = np.sqrt((squares * left).sum(1) / np.maximum(1, left.sum(1)))
    sd_right = np.sqrt((squares * right).sum(1) / np.maximum(1, right.sum(1)))
    # A flat block has no sides: any finite ratio gives it one fixed shape.
    g = np.clip(sd_left / np.maximum(sd_right, tiny), 1e-3, 1e3)
    r = np.abs(samples).mean(1) ** 2 / np.maximum(squares.mean(1), tiny)
    wanted = r * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    shapes, ratios = _shape_table()  # the ratio rises with the shape
    at = np.clip(np.searchsorted(ratios, wanted), 1, len(shapes) - 1)
    at -= (wanted - ratios[at - 1]) < (ratios[at] - wanted)
    shape = shapes[at]
    scale = np.array([math.sqrt(math.gamma(1 / a) / math.gamma(3 / a)) for a in shape])
    return shape, sd_left * scale, sd_right * scale


def _normalised(plane: Planes) -> tuple[Planes, Planes]:
    """Mean-subtracted, contrast-normalised coefficients, and the local standard deviation."""
    side, sigma = 7, 7 / 6
    padded = np.pad(plane, side // 2, mode="edge")
    mean = gaussian_valid(padded, side, sigma)
    variance = gaussian_valid(padded * padded, side, sigma) - mean * mean
    deviation = np.sqrt(np.abs(variance))
    return (plane - mean) / (deviation + 1), deviation


def _blocks(plane: Planes, side: int) -> Features:
    """(H, W) -> (blocks, side, side)."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.swapaxes(1, 2).reshape(-1, side, side)


def _block_features(blocks: Features) -> Features:
    """(n, side, side) normalised coefficients -> (n, 18)."""
    shape, left, right = fit_aggd(blocks.reshape(len(blocks), -1))
    features = [shape, (left + right) / 2]
    for shift in _SHIFTS:
        products = blocks * np.roll(blocks, shift, axis=(1, 2))
        shape, left, right = fit_aggd(products.reshape(len(blocks), -1))
        factor = np.array([math.gamma(2 / a) / math.gamma(1 / a) for a in shape])
        features += [shape, (right - left) * factor, left, right]
    return np.stack(features, axis=1)


def natural_features(image: Pixels) -> tuple[Features, Features]:
    """Statistics of every 96x96 block at two scales.

    Args:
        image: (H, W, 3) uint8, at least two blocks.

    Returns:
        Features (blocks, 36) and the sharpness of each block (blocks,).

    Raises:
        ValueError: Smaller than two blocks.
    """
    rows, columns = image.shape[0] // BLOCK, image.shape[1] // BLOCK
    if rows * columns < 2:
        raise ValueError(f"NIQE needs 192x96 pixels, not {image.shape[1]}x{image.shape[0]}")
    plane = protocol_named("full-y").planes(image)[0][: rows * BLOCK, : columns * BLOCK]
    coefficients, deviation = _normalised(plane)
    half = Image.fromarray(plane.astype(np.float32)).resize(
        (columns * BLOCK // 2, rows * BLOCK // 2), Image.Resampling.BICUBIC
    )
    small, _ = _normalised(np.asarray(half, np.float64))
    features = np.concatenate(
        [
            _block_features(_blocks(coefficients, BLOCK)),
            _block_features(_blocks(small, BLOCK // 2)),
        ],
        axis=1,
    )
    return features, _blocks(deviation, BLOCK).mean(axis=(1, 2))


def fit_pristine(images: Iterable[Pixels], origin: str) -> Pristine:
    """Fit the Gaussian to the sharp blocks (0.75 of the sharpest) of clean photographs.

    Raises:
        DatasetError: Fewer than 100 blocks, too few for 36 features.
    """
    kept = []
    for image in images:
        features, sharpness = natural_features(image)
        kept.append(features[sharpness > SHARP * sharpness.max()])
    together = np.concatenate(kept) if kept else np.empty((0, 36))
    if len(together) < 100:
        raise DatasetError(f"{len(together)} sharp blocks are too few; give more photographs")
    return Pristine(together.mean(0), np.cov(together, rowvar=False), origin)


def niqe(image: Pixels, pristine: Pristine | None = None) -> float:
    """sqrt((m1 - m2)^T ((C1 + C2) / 2)^-1 (m1 - m2)): 0 is like the clean photographs.

    Args:
        image: (H, W, 3) uint8, at least 192x96 pixels.
        pristine: What to compare with, by default what this project fitted.
    """
    pristine = pristine or shipped_pristine()
    features, _ = natural_features(image)
    difference = features.mean(0) - pristine.mean
    covariance = (np.cov(features, rowvar=False) + pristine.covariance) / 2
    return float(np.sqrt(difference @ np.linalg.pinv(covariance) @ difference))


def _compute(sample: Sample) -> float | None:
    height, width = sample.rainy.shape[:2]
    return niqe(sample.restored) if (height // BLOCK) * (width // BLOCK) >= 2 else None


NIQE = Metric(
    name="niqe",
    help="How far a picture's statistics are from those of clean photographs (Mittal et al., "
    "2013), on a fit of ours: not comparable with other fits. Rain raises it and so does a smear, "
    "so it misleads on its own. Of pictures of at least two blocks of 96x96 pixels.",
    better={"pairs": "lower", "real": "lower"},
    compute=_compute,
    digits=2,
    tolerance=0.05,
    needs_truth=False,
    plots=frozenset({"real"}),
    revision=0,
)
