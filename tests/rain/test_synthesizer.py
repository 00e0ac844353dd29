"""The synthesiser: seeded, bounded, honest about what it added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.measure import label, regionprops

from derain.errors import ConfigError
from derain.rain import PRESETS, RainPreset, RainRecipe, RainStyle, RainSynthesizer, rain_preset
from derain.rain.background import strokes
from derain.rain.compose import COMPOSITIONS
from derain.rain.families.streaks import lines
from derain.rain.kernels import convolve, drop_kernels, streak_kernels
from derain.rain.quantiles import quantile
from derain.rain.synthesizer import light_colour

Pixels = NDArray[np.uint8]
LAYERS = [torch.randint(0, 255, (90, 120), dtype=torch.uint8, generator=torch.Generator())]


def clean_batch(photos: list[Pixels]) -> torch.Tensor:
    return torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2)[..., :128, :160] / 255


@pytest.mark.parametrize("name", PRESETS)
def test_a_seed_fixes_the_batch(name: str, photos: list[Pixels]) -> None:
    synthesizer = RainSynthesizer(rain_preset(name), LAYERS, LAYERS, LAYERS)
    clean = clean_batch(photos)
    first = synthesizer(clean, torch.Generator().manual_seed(3))
    again = synthesizer(clean, torch.Generator().manual_seed(3))
    other = synthesizer(clean, torch.Generator().manual_seed(4))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.rainy, other.rainy)


@pytest.mark.parametrize("name", PRESETS)
def test_layers_are_what_they_are_called(name: str, photos: list[Pixels]) -> None:
    clean = clean_batch(photos)
    sample = RainSynthesizer(rain_preset(name), LAYERS, LAYERS, LAYERS)(
        clean, torch.Generator().manual_seed(0)
    )
    assert sample.rainy.shape == sample.clean.shape == sample.rain.shape == clean.shape
    for image in (sample.rainy, sample.clean):
        assert float(image.min()) >= 0
        assert float(image.max()) <= 1
        torch.testing.assert_close(image * 255, (image * 255).round(), atol=1e-4, rtol=0)
    torch.testing.assert_close(sample.rain, sample.rainy - sample.clean)
    if name == "dry":
        assert not sample.rain.any()
    else:
        assert float(sample.rain.mean()) > 0


def test_rain_only_brightens_where_it_is_added(photos: list[Pixels]) -> None:
    clean = clean_batch(photos)
    for name in ("light", "heavy"):
        sample = RainSynthesizer(rain_preset(name))(clean, torch.Generator().manual_seed(0))
        assert torch.equal(sample.clean, clean)
        assert float(sample.rain.min()) >= 0


@pytest.mark.parametrize("angle", [-40.0, 0.0, 25.0])
def test_streaks_fall_where_they_are_told(angle: float) -> None:
    """The structure tensor of a layer finds the angle it was drawn with."""
    style = RainStyle("lines", angle=(angle, angle), spread=0, length=(40, 40), width=(4, 4))
    layer = lines(style, 1, 256, 256, torch.Generator().manual_seed(0))[0, 0].numpy()
    gy, gx = np.gradient(layer)
    across = 0.5 * np.arctan2(2 * (gx * gy).sum(), (gx**2 - gy**2).sum())
    # Gradients stand across the streak; positive angles lean right at the top.
    assert np.rad2deg(across) == pytest.approx(angle, abs=3)


def test_density_is_what_it_says() -> None:
    style = RainStyle("lines", length=(3, 3), width=(1, 1), density=(20, 20), spread=0)
    places = [
        (lines(style, 1, 400, 400, torch.Generator().manual_seed(s)) > 0.25).sum().item()
        for s in range(4)
    ]
    pixels_each = (streak_kernels(*(torch.tensor([v]) for v in (0.0, 3.0, 1.0))) > 0.4).sum().item()
    drops = np.mean(places) / pixels_each
    assert drops == pytest.approx(20 * 16, rel=0.35)


def test_convolution_agrees_with_numpy() -> None:
    rng = np.random.default_rng(0)
    field, kernel = rng.random((20, 24)), rng.random((5, 5))
    expected = sum(
        np.roll(field, (i - 2, j - 2), (0, 1)) * kernel[i, j] for i in range(5) for j in range(5)
    )
    got = convolve(torch.from_numpy(field)[None], torch.from_numpy(kernel)[None])[0].numpy()
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_kernels_have_peak_one() -> None:
    one = torch.tensor
    assert streak_kernels(one([10.0]), one([20.0]), one([2.0])).max() == 1
    assert drop_kernels(one([12.0]), one([0.5]), one([1.5])).max() == 1


def test_compositions() -> None:
    b, s, c = torch.tensor(0.4), torch.tensor(0.5), torch.tensor(0.8)
    assert COMPOSITIONS["add"](b, s, c) == pytest.approx(0.8)
    assert COMPOSITIONS["screen"](b, s, c) == pytest.approx(1 - 0.6 * 0.6)
    assert COMPOSITIONS["alpha"](b, s, c) == pytest.approx(0.2 + 0.4)


@pytest.mark.parametrize(
    ("family", "named"),
    [("rendered", "streak layers"), ("extracted", "lenders"), ("filmed", "clips")],
)
def test_layers_that_are_not_given_are_told_at_once(family: str, named: str) -> None:
    """Not when a recipe that needs them is drawn, a thousand steps into a run."""
    rare = RainRecipe((RainStyle(family),), weight=1e-9)  # type: ignore[arg-type]
    preset = RainPreset((RainRecipe((RainStyle("lines"),)), rare))
    with pytest.raises(ConfigError, match=named):
        RainSynthesizer(preset)
    RainSynthesizer(preset, **{family: LAYERS})  # type: ignore[arg-type]


def test_a_crop_of_noise_does_not_become_streaks(photos: list[Pixels]) -> None:
    """A given layer is stretched to its peak, but not one in which nothing falls."""
    style = RainStyle("extracted", brightness=(1, 1), tint=(0, 0), patchiness=(0, 0))
    faint = [torch.randint(0, 2, (90, 120), dtype=torch.uint8)]
    preset = RainPreset((RainRecipe((style,)),))
    sample = RainSynthesizer(preset, extracted=faint)(clean_batch(photos), torch.Generator())
    assert float(sample.rain.abs().max()) < 0.06


def test_sparse_strokes_do_not_end() -> None:
    """Where few lines are drawn each runs to a side of the picture, which a streak does not.

    (Dense ones may end, and a few pictures of dense ones show few.)
    """
    flat, lines, floating = torch.full((96, 3, 96, 96), 0.1), 0, 0
    drawn = strokes(flat, 1.0, torch.Generator().manual_seed(0))
    assert torch.equal(strokes(flat, 0.0, torch.Generator().manual_seed(0)), flat)
    for picture in (drawn - flat).abs().amax(dim=1).numpy():
        parts = regionprops(label(picture > 0.02, connectivity=2))
        few = [part for part in parts if part.area > 20] if len(parts) <= 6 else []
        lines += len(few)
        floating += sum(min(part.bbox) > 0 and max(part.bbox) < 96 for part in few)
    assert lines > 50 and floating <= 0.02 * lines


def test_weather_stays_in_the_clean_image(photos: list[Pixels]) -> None:
    preset = RainPreset((), veil=(0.4, 0.4), weather_share=1.0)
    clean = clean_batch(photos)
    sample = RainSynthesizer(preset)(clean, torch.Generator().manual_seed(0))
    assert not sample.rain.any()
    assert float((sample.clean - clean).abs().mean()) > 0.02


def test_impossible_ranges_are_refused() -> None:
    with pytest.raises(ConfigError, match="length"):
        RainRecipe((RainStyle("lines", length=(9, 3)),))
    with pytest.raises(ConfigError, match="known: dry"):
        rain_preset("monsoon")


def test_small_pictures_get_rain_too() -> None:
    for side in (1, 2, 7):
        clean = torch.full((2, 3, side, side), 0.5)
        sample = RainSynthesizer(rain_preset("broad"), LAYERS)(clean, torch.Generator())
        assert sample.rainy.shape == clean.shape


def test_a_family_can_be_left_out() -> None:
    whole, part = rain_preset("broad"), rain_preset("broad-without-heavy")
    (heavy,) = rain_preset("heavy").recipes[0].styles
    assert len(part.recipes) == len(whole.recipes) - 1
    assert not any(heavy in recipe.styles for recipe in part.recipes)
    assert replace(part, recipes=whole.recipes) == whole
    for name in ("light-without-light", "light-without-heavy", "broad-without-nothing"):
        with pytest.raises(ConfigError):
            rain_preset(name)


def test_quantiles_of_layers_beyond_what_torch_takes() -> None:
    """A photograph of 17 megapixels has a light colour and a blurred layer's contrast, too."""
    draw = torch.Generator().manual_seed(0)
    values = torch.rand(1, 2**24 + 5, generator=draw)
    with pytest.raises(RuntimeError, match="too large"):
        values.quantile(0.9, dim=1)
    assert quantile(values, 0.9).item() == pytest.approx(0.9, abs=1e-3)
    few = torch.rand(3, 1000, generator=draw)
    expected = np.quantile(few.numpy(), 0.25, axis=1)
    np.testing.assert_allclose(quantile(few, 0.25).numpy(), expected, rtol=1e-6)
    tinted = (
        torch.rand(1, 1, 4100, 4100, generator=draw) * torch.tensor([1, 0.5, 0.25])[:, None, None]
    )
    colour = light_colour(tinted).flatten()
    assert colour.tolist() == pytest.approx([1, 0.5, 0.25], abs=1e-3)
