"""Views of training pictures: both of a pair alike, nothing invented, as large as asked for."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Generator, Tensor

from derain.errors import ConfigError
from derain.training import views
from derain.training.batches import PairPool, SynthesisPool
from derain.training.config import ViewConfig
from derain.training.views import quarter, view
from tests.rain.test_bank import apart

PATCH = 48
EVERYTHING = ViewConfig(resized=1, sizes=(0.4, 3.0), turned=1, defocused=1)


def seeded(seed: int) -> Generator:
    return torch.Generator().manual_seed(seed)


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randint(0, 256, (3, height, width), generator=seeded(seed), dtype=torch.uint8)


def places(height: int, width: int) -> Tensor:
    """A picture whose pixels are their own row and column."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([rows, columns, torch.zeros_like(rows)]).byte()


def test_where_all_shares_are_0_it_is_a_crop_bit_for_bit() -> None:
    image, corners = places(90, 120), set()
    for seed in range(20):
        (patch,) = view([image], PATCH, ViewConfig(), seeded(seed))
        assert patch.shape == (3, PATCH, PATCH) and patch.dtype == torch.float32
        top, left = (int((patch[axis, 0, 0] * 255).round()) for axis in (0, 1))
        crop = image[:, top : top + PATCH, left : left + PATCH]
        assert torch.equal(patch, crop.float() / 255)
        corners.add((top, left))
    assert len(corners) > 15


@pytest.mark.parametrize(
    "config",
    [
        ViewConfig(resized=1, sizes=(0.4, 3.0)),
        ViewConfig(turned=1),
        ViewConfig(defocused=1),
        EVERYTHING,
    ],
    ids=["resized", "turned", "defocused", "all"],
)
def test_a_pair_is_changed_alike(config: ViewConfig) -> None:
    """The negative of a picture stays its negative, pixel by pixel."""
    image, changed = noise(150, 170), 0
    for seed in range(12):
        positive, negative = view([image, 255 - image], PATCH, config, seeded(seed))
        assert positive.shape == negative.shape == (3, PATCH, PATCH)
        assert float(positive.min()) >= 0 and float(positive.max()) <= 1
        torch.testing.assert_close(positive, 1 - negative, atol=1e-4, rtol=0)
        on_grid = torch.equal((positive * 255).round() / 255, positive)
        changed += not on_grid
    assert changed >= 10


def test_enlarged_is_bicubic() -> None:
    """A patch of twice the size, as OpenCV enlarges (its cubic has torch's parameter, -0.75)."""
    image = noise(PATCH // 2, PATCH // 2)
    (patch,) = view([image], PATCH, ViewConfig(resized=1, sizes=(2, 2)), seeded(0))
    whole = image.permute(1, 2, 0).numpy().astype(np.float32) / 255
    expected = cv2.resize(whole, (PATCH, PATCH), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    np.testing.assert_allclose(patch.permute(1, 2, 0).numpy(), expected, atol=1e-4)


def test_shrunk_is_bicubic_without_aliases() -> None:
    """A patch of half the size, as Pillow shrinks."""
    image = noise(2 * PATCH, 2 * PATCH)
    (patch,) = view([image], PATCH, ViewConfig(resized=1, sizes=(0.5, 0.5)), seeded(0))
    for channel, expected in zip(patch.numpy(), image.numpy().astype(np.float32), strict=True):
        shrunk = Image.fromarray(expected).resize((PATCH, PATCH), Image.Resampling.BICUBIC)
        np.testing.assert_allclose(channel, (np.asarray(shrunk) / 255).clip(0, 1), atol=1e-4)


def ramp(side: int) -> Tensor:
    """Two levels a pixel, to the right: bicubic interpolation gives a plane, to the last bit."""
    row = torch.arange(20, 20 + 2 * side, 2)
    return row.expand(3, side, side).byte()


def plane(patch: Tensor) -> tuple[float, float, float]:
    """Slope in levels a pixel and its direction in degrees, and the worst distance from a plane."""
    levels = patch[0].double().numpy() * 255
    rows, columns = np.mgrid[: levels.shape[0], : levels.shape[1]]
    basis = np.stack([rows.ravel(), columns.ravel(), np.ones(levels.size)], axis=1)
    (down, right, level), *_ = np.linalg.lstsq(basis, levels.ravel(), rcond=None)
    fitted = down * rows + right * columns + level
    worst = float(np.abs(levels - fitted).max())
    return float(np.hypot(down, right)), float(np.rad2deg(np.arctan2(down, right))), worst


def test_turned_patches_are_planes_of_the_same_slope() -> None:
    """At any angle, in a picture that is hardly larger than a patch turned by 45 degrees."""
    image, angles = ramp(72), []
    for seed in range(40):
        (patch,) = view([image], PATCH, ViewConfig(turned=1), seeded(seed))
        slope, angle, worst = plane(patch)
        assert worst < 0.15  # of a level: torch's cubic bends a slope by that much
        assert slope == pytest.approx(2, abs=0.01)
        angles.append(angle)
    assert min(angles) < -120 and max(angles) > 120
    assert sum(abs(angle) < 90 for angle in angles) in range(10, 31)


def test_turned_patches_hold_no_filling(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not matter what is filled in beyond the crop, since none of it is seen."""
    image, sample = noise(72, 72), F.grid_sample
    drawn = []
    for filling in ("reflection", "zeros", "border"):

        def filled(*given: Tensor, filling: str = filling, **options: Any) -> Tensor:
            return sample(*given, **{**options, "padding_mode": filling})

        monkeypatch.setattr(F, "grid_sample", filled)
        views = [view([image], PATCH, ViewConfig(turned=1), seeded(seed))[0] for seed in range(30)]
        drawn.append(torch.stack(views))
    for other in drawn[1:]:
        torch.testing.assert_close(drawn[0], other, atol=1e-5, rtol=0)


def test_sizes_are_those_asked_for() -> None:
    """The ramp's slope tells the factor; every octave as often as the next."""
    image = ramp(112)
    config = ViewConfig(resized=1, sizes=(0.5, 2.0))
    factors = [2 / plane(view([image], PATCH, config, seeded(s))[0])[0] for s in range(120)]
    assert 0.45 < min(factors) < 0.6 and 1.8 < max(factors) < 2.1
    assert 0.35 < np.mean([factor < 1 for factor in factors]) < 0.65


def test_shares_are_those_asked_for() -> None:
    image = ramp(112)
    config = ViewConfig(resized=0.25, sizes=(2.0, 2.0), turned=0.4)
    found = [plane(view([image], PATCH, config, seeded(seed))[0]) for seed in range(200)]
    assert np.mean([slope < 1.5 for slope, _, _ in found]) == pytest.approx(0.25, abs=0.09)
    turned = [apart(angle, 0) > 0.5 or abs(angle) > 90 for _, angle, _ in found]
    assert np.mean(turned) == pytest.approx(0.4, abs=0.1)


def test_defocus_is_a_gaussian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_DEFOCUS", (2.0, 2.0))
    image = noise(PATCH, PATCH)
    (patch,) = view([image], PATCH, ViewConfig(defocused=1), seeded(0))
    for channel, sharp in zip(patch.numpy(), image.numpy() / 255, strict=True):
        expected = gaussian_filter(sharp, 2.0, mode="mirror", radius=5)
        np.testing.assert_allclose(channel, expected, atol=1e-5)


def test_pictures_smaller_than_a_patch() -> None:
    image = noise(30, 37)
    for config in (ViewConfig(), EVERYTHING, ViewConfig(resized=1, sizes=(0.3, 0.3))):
        for seed in range(6):
            first, second = view([image, 255 - image], PATCH, config, seeded(seed))
            assert first.shape == (3, PATCH, PATCH)
            torch.testing.assert_close(first, 1 - second, atol=1e-4, rtol=0)


def test_views_stay_on_the_pictures_device() -> None:
    """The meta device stands for an accelerator: what is made on the CPU does not mix with it."""
    image = torch.empty((3, 150, 170), dtype=torch.uint8, device="meta")
    (patch,) = view([image], PATCH, EVERYTHING, seeded(0))
    assert patch.device.type == "meta" and patch.shape == (3, PATCH, PATCH)


def test_quarter_turns_and_mirrors_both_alike() -> None:
    image = noise(16, 16)
    whole = image.numpy().transpose(1, 2, 0)
    known = {np.rot90(m, k).tobytes() for k in range(4) for m in (whole, whole[:, ::-1])}
    seen = set()
    for seed in range(60):
        first, second = quarter([image, 255 - image], seeded(seed))
        assert torch.equal(first, 255 - second)
        seen.add(np.ascontiguousarray(first.numpy().transpose(1, 2, 0)).tobytes())
    assert seen == known


def test_pairs_lie_on_their_side_only_where_they_are_turned() -> None:
    """Rain of pairs falls; where a source's view turns them, it may fall anywhere."""

    def upright(config: ViewConfig) -> list[bool]:
        pool = PairPool("p", 1, [(places(80, 80), places(80, 80))], config)
        rainy, clean = pool.draw(24, 32, seeded(0), seeded(1))
        assert torch.equal(rainy, clean)
        assert torch.equal((rainy * 255).round() / 255, rainy)
        return [bool((patch[0].diff(dim=1).abs() < 1e-6).all()) for patch in rainy]

    assert all(upright(ViewConfig()))
    turned = upright(ViewConfig(turned=1e-9))
    assert any(turned) and not all(turned)


def test_it_rains_on_the_view_and_not_the_other_way_round() -> None:
    """A synthesised pair is sharp rain over a defocused photograph."""
    from derain.rain import RainSynthesizer, rain_preset

    photos = [noise(120, 120)]
    pools = [
        SynthesisPool("s", 1, photos, RainSynthesizer(rain_preset("light")), config)
        for config in (ViewConfig(), ViewConfig(defocused=1))
    ]
    sharp, soft = (pool.draw(4, 64, seeded(0), seeded(1)) for pool in pools)
    steep = [float(clean.diff(dim=-1).abs().mean()) for _, clean in (sharp, soft)]
    assert steep[1] < 0.5 * steep[0]
    layers = [rainy - clean for rainy, clean in (sharp, soft)]
    assert float(layers[1].diff(dim=-1).abs().max()) > 0.15


@pytest.mark.parametrize(
    "values", [{"sizes": (0.0, 1.0)}, {"sizes": (2.0, 1.0)}, {"turned": 1.5}, {"resized": -0.1}]
)
def test_impossible_views_are_refused(values: dict[str, object]) -> None:
    with pytest.raises((ConfigError, ValueError), match=next(iter(values))):
        ViewConfig(**values)  # type: ignore[arg-type]
