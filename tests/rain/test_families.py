"""What a style says is what falls: sizes, edges, directions, brightness and colour, measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum
from scipy.signal import fftconvolve
from skimage.feature import structure_tensor
from skimage.measure import label, regionprops

from derain.rain import RainPreset, RainRecipe, RainStyle, RainSynthesizer
from derain.rain.families import draws
from derain.rain.shape import LONGEST, shape
from derain.rain.synthesizer import Sample

Layer = NDArray[np.float64]
PLAIN = RainStyle(
    "lines",
    angle=(0, 0),
    spread=0,
    length=(20, 20),
    width=(2, 2),
    density=(10, 10),
    brightness=(0.5, 0.5),
    tint=(0, 0),
    patchiness=(0, 0),
    compose=("add",),
)
"""Upright grey streaks that are added: nothing else varies."""


def layer(style: RainStyle, side: int = 256, seed: int = 0) -> Layer:
    """One drawn layer of a style, (side, side)."""
    generator = torch.Generator().manual_seed(seed)
    drawn = shape(draws()[style.family], style, 1, side, side, generator)
    return drawn[0, 0].double().numpy()


def rain_on(image: torch.Tensor, *styles: RainStyle, seed: int = 0, **preset: object) -> Sample:
    """The styles on (N, 3, H, W), together."""
    whole = RainPreset((RainRecipe(styles),), **preset)  # type: ignore[arg-type]
    return RainSynthesizer(whole)(image, torch.Generator().manual_seed(seed))


def grey(level: float, side: int = 160, count: int = 1) -> torch.Tensor:
    return torch.full((count, 3, side, side), level)


def direction(picture: Layer) -> tuple[float, float]:
    """Degrees from vertical, positive leaning right at the top, and how clear they are, 0..1."""
    rr, rc, cc = (part.mean() for part in structure_tensor(picture, sigma=1, order="rc"))
    angle = 0.5 * np.arctan2(2 * rc, cc - rr)
    return float(np.rad2deg(angle)), float(np.hypot(2 * rc, cc - rr) / (cc + rr))


def half_width(picture: Layer, axis: int) -> float:
    """Pixels to where the autocorrelation along an axis has fallen to half."""
    centred = picture - picture.mean()
    whole = fftconvolve(centred, centred[::-1, ::-1], mode="same")
    along = np.take(whole, picture.shape[1 - axis] // 2, axis=1 - axis)
    falling = along[np.argmax(along) :] / along.max()
    first = int(np.argmax(falling < 0.5))
    return first - 1 + (falling[first - 1] - 0.5) / (falling[first - 1] - falling[first])


@pytest.mark.parametrize("family", ["lines", "noise", "sheets", "sprays", "drops"])
def test_a_scale_enlarges_all_there_is(family: str) -> None:
    """Four times the scale, four times as long and as wide, by the layers' autocorrelation."""
    style = replace(PLAIN, family=family, length=(9, 9), density=(40, 40))
    if family == "noise":
        style = replace(style, density=(0.05, 0.05))
    for axis in (0, 1):
        small, large = (
            np.mean(
                [
                    half_width(layer(replace(style, scale=(s, s)), 384, seed), axis)
                    for seed in (1, 2)
                ]
            )
            for s in (1.0, 4.0)
        )
        assert large / small == pytest.approx(4, rel=0.2), f"axis {axis}"


def test_distances_grow_alike() -> None:
    """Twice the scale on twice the side: as many streaks, of Poisson's number at scale 1."""
    style = replace(PLAIN, density=(1.5, 1.5), length=(10, 10))
    counts = [
        [
            label(layer(replace(style, scale=(s, s)), 300 * s, seed) > 0.15).max()
            for seed in range(8)
        ]
        for s in (1, 2)
    ]
    assert counts[0] == counts[1]
    assert np.mean(counts) == pytest.approx(1.5 * 9, rel=0.25)


def test_no_streak_becomes_longer_than_the_longest() -> None:
    """At half of its own peak; scales of 5 to 50 would make them 600 pixels and more."""
    style = replace(PLAIN, length=(100, 100), density=(0.5, 0.5), scale=(5, 50))
    lengths = []
    for seed in range(6):
        generator = torch.Generator().manual_seed(seed)
        drawn = shape(draws()["lines"], style, 1, 1800, 400, generator)[0, 0].numpy()
        for part in regionprops(label(drawn > 0.12), intensity_image=drawn):
            top, _, bottom, _ = part.bbox
            if top > 0 and bottom < 1800:  # whole
                rows = part.image_intensity.max(axis=1)
                lengths.append(int((rows > rows.max() / 2).sum()))
    assert len(lengths) > 8
    assert 0.9 * LONGEST < max(lengths) <= LONGEST + 2


def edge_width(profile: str, scale: float) -> float:
    """Pixels from dark to bright at the streaks' sides: their height over their steepest step."""
    style = replace(PLAIN, profile=(profile,), scale=(scale, scale), density=(6, 6))
    widths = []
    for seed in range(4):
        drawn = layer(style, 320, seed)
        parts = label(drawn > 0.1)
        numbers = [part.label for part in regionprops(parts) if part.area > 50]
        steps = np.abs(np.diff(drawn, axis=1, append=drawn[:, -1:]))
        heights, steepest = (maximum(x, parts, numbers) for x in (drawn, steps))
        widths += list(np.array(heights) / np.array(steepest))
    return float(np.median(widths))


def test_flat_streaks_have_hard_edges_at_every_scale() -> None:
    soft, flat, ragged = (
        [edge_width(name, scale) for scale in (2, 8)] for name in ("soft", "flat", "ragged")
    )
    assert soft[1] / soft[0] > 3
    for hard in (flat, ragged):
        assert max(hard) < 3 and 0.7 < hard[1] / hard[0] < 1.4


def test_flat_streaks_are_bright_from_edge_to_edge() -> None:
    """Across a streak most pixels are near its peak, where a soft one falls off at once."""

    def full(profile: str) -> float:
        style = replace(PLAIN, profile=(profile,), scale=(6, 6), density=(4, 4))
        shares = []
        for seed in range(4):
            drawn = layer(style, 320, seed)
            for part in regionprops(label(drawn > 0.1), intensity_image=drawn):
                values = part.image_intensity[part.image]
                shares.append((values > 0.7 * values.max()).mean())
        return float(np.median(shares))

    assert full("flat") > 1.6 * full("soft")


def test_ragged_edges_wander_and_beads_come_apart() -> None:
    def parts(profile: str) -> tuple[float, int]:
        style = replace(PLAIN, profile=(profile,), scale=(6, 6), density=(2, 2), length=(30, 30))
        found = [
            part
            for seed in range(6)
            for part in regionprops(label(layer(style, 320, seed) > 0.12))
            if part.area > 20
        ]
        return float(np.median([part.solidity for part in found])), len(found)

    (flat, _), (ragged, _) = parts("flat"), parts("ragged")
    assert ragged < flat - 0.05
    assert parts("beaded")[1] > 2 * parts("soft")[1]


def test_sheets_fall_and_sprays_fly_everywhere() -> None:
    style = replace(PLAIN, angle=(25, 25))
    angle, clear = direction(layer(replace(style, family="sheets")))
    assert angle == pytest.approx(25, abs=4) and clear > 0.6
    spray = replace(style, family="sprays", spread=70, length=(6, 6), density=(120, 120))
    clears = [direction(layer(spray, seed=seed))[1] for seed in range(4)]
    assert np.mean(clears) < 0.35


def test_sprays_come_in_bursts() -> None:
    """Counts of drops in cells vary far more than those of independent streaks (Poisson: 1)."""

    def clumped(family: str) -> float:
        style = replace(PLAIN, family=family, length=(2, 2), width=(1, 1), density=(60, 60))
        cells = [
            layer(style, 320, seed).reshape(10, 32, 10, 32).sum(axis=(1, 3)) for seed in range(4)
        ]
        return float(np.var(cells) / np.mean(cells))

    assert clumped("sprays") > 5 * clumped("lines")


def test_wind_takes_all_styles_of_a_recipe_along() -> None:
    """One direction a picture, to both sides, steep ones more often; without wind each its own."""
    styles = (
        replace(PLAIN, angle=(-90, 90), density=(12, 12)),
        replace(PLAIN, angle=(-90, 90), density=(20, 20), scale=(2.5, 2.5)),
        replace(PLAIN, family="sheets", angle=(-90, 90), length=(12, 12), scale=(3, 3)),
    )

    def fallen(wind: float, count: int) -> list[tuple[float, float]]:
        preset = RainPreset((RainRecipe(styles, wind=wind),))
        sample = RainSynthesizer(preset)(grey(0.1, 96, count), torch.Generator().manual_seed(0))
        return [direction(rain.mean(0).double().numpy()) for rain in sample.rain]

    together, apart = fallen(90, 48), fallen(0, 16)
    assert np.quantile([clear for _, clear in together], 0.1) > 0.62
    assert np.median([clear for _, clear in apart]) < 0.62
    angles = np.array([angle for angle, _ in together])
    assert min(angles) < -45 and max(angles) > 45
    # Evenly drawn directions would have a median of 45 degrees from vertical.
    assert np.median(np.abs(angles)) < 38
    assert all(abs(angle) < 25 for angle, _ in fallen(20, 12))


def test_lift_is_rain_and_thick_where_streaks_are() -> None:
    """It raises what lies between dense streaks, in the rainy picture alone."""
    image = grey(0.2, 256)
    style = replace(PLAIN, density=(40, 40), patchiness=(1, 1), brightness=(0.4, 0.4))
    plain = rain_on(image, style)
    lifted = rain_on(image, replace(style, lift=(0.3, 0.3)))
    assert torch.equal(plain.clean, lifted.clean)
    added = (lifted.rainy - plain.rainy)[0, 0].double().numpy()
    torch.testing.assert_close(lifted.rain, lifted.rainy - lifted.clean)
    dense = gaussian_filter(plain.rain[0, 0].double().numpy(), 24)
    assert np.corrcoef(gaussian_filter(added, 24).ravel(), dense.ravel())[0, 1] > 0.8
    between = plain.rain[0, 0].numpy() == 0
    assert 0.05 < added[between].mean() <= 0.3
    assert (plain.rain[0, 0].numpy() < 1e-6).mean() > 0.2


def test_mist_is_no_rain() -> None:
    """A veil changes the clean picture; rain is zero wherever no streak falls."""
    image = grey(0.2)
    sparse = replace(PLAIN, density=(2, 2))
    sample = rain_on(image, sparse, veil=(0.5, 0.5), weather_share=1.0)
    dry = rain_on(image, sparse)
    assert float((sample.clean - image).min()) > 0.05
    assert float((sample.rain == 0).float().mean()) > 0.8
    assert float(sample.rain.max()) > 0.2
    assert torch.equal(dry.clean, (image * 255).round() / 255)


def test_glow_takes_the_colour_of_the_lights() -> None:
    """Red lamps in the dark: rain before the dark part is as red as they are."""
    lamp = torch.tensor([0.9, 0.45, 0.18])
    image = grey(0.05)
    image[..., :24, :] = lamp[:, None, None]
    part = (..., slice(60, None), slice(None))

    def colour(glow: float) -> torch.Tensor:
        rain = rain_on(image, replace(PLAIN, glow=(glow, glow))).rain[part]
        return rain.sum(dim=(0, 2, 3)) / rain[:, 0].sum()

    torch.testing.assert_close(colour(1.0), lamp / lamp[0], atol=0.02, rtol=0)
    torch.testing.assert_close(colour(0.0), torch.ones(3), atol=1e-5, rtol=0)
    halfway = (1 + lamp / lamp[0]) / 2
    torch.testing.assert_close(colour(0.5), halfway, atol=0.02, rtol=0)


def test_splashes_lie_on_edges_and_above() -> None:
    image = grey(0.1, 192)
    image[..., 120:, :] = 0.7
    spray = replace(PLAIN, family="sprays", length=(3, 3), density=(600, 600), spread=70)
    rain = rain_on(image, replace(spray, edges=True)).rain[0, 0].abs().numpy()
    assert rain[95:126].sum() > 0.95 * rain.sum() > 0
    assert not rain[:85].any() and not rain[140:].any()
    everywhere = rain_on(image, spray).rain[0, 0].numpy()
    assert everywhere[:85].max() > 0.1
    flat = rain_on(grey(0.4), replace(spray, edges=True))
    assert not flat.rain.any()


@pytest.mark.parametrize("compose", ["add", "screen", "alpha"])
def test_rain_ends_at_white(compose: str) -> None:
    """What is cut off at white is in no layer: R = O - B holds there, too."""
    style = replace(PLAIN, brightness=(1, 1), density=(30, 30), compose=(compose,))
    image = grey(0.9)
    sample = rain_on(image, style)
    assert float(sample.rainy.max()) <= 1
    white = sample.rainy == 1
    assert bool(white.any()) is (compose == "add") or float(sample.rainy.max()) > 0.97
    torch.testing.assert_close(sample.rain[white], (1 - sample.clean)[white])
    assert float(sample.rain.max()) <= 0.1 + 1 / 255


def test_a_style_that_asks_for_nothing_new_is_drawn_as_before() -> None:
    """Bit for bit: seeds of older presets keep their rain."""
    draw: Callable[..., torch.Tensor] = draws()["lines"]
    style = RainStyle("lines")
    direct = draw(style, 2, 40, 50, torch.Generator().manual_seed(3))
    shaped = shape(draws()["lines"], style, 2, 40, 50, torch.Generator().manual_seed(3))
    assert torch.equal(direct, shaped)
