"""Calibrated rain: named distributions whose input scores match what the field measured.

``light`` and ``heavy`` are calibrated to the luma PSNR of the rainy inputs of Rain100L (26.9 dB)
and Rain100H (13.6 dB), and tests/rain/test_calibration.py holds them to 2 dB; ``derain synthesize``
prints the score of what it wrote. ``dry`` has no rain at
all: it teaches a network to leave dry photographs and look-alike structures alone.
"""

from __future__ import annotations

from dataclasses import replace

from derain.errors import ConfigError
from derain.rain.style import RainPreset, RainRecipe, RainStyle

_LIGHT = RainStyle(
    "lines",
    angle=(-45, 45),
    length=(18, 55),
    width=(1.2, 2.4),
    density=(5, 12),
    brightness=(0.35, 0.75),
    patchiness=(0, 0.4),
    compose=("add",),
)
_SPARSE = replace(
    _LIGHT,
    width=(1.0, 2.6),
    density=(1, 7),
    brightness=(0.3, 0.95),
    compose=("add", "screen", "alpha"),
)
_HEAVY = RainStyle(
    "lines",
    angle=(-55, 55),
    spread=3,
    directions=(1, 5),
    length=(18, 60),
    width=(1.1, 2.8),
    density=(10, 32),
    brightness=(0.5, 0.95),
    patchiness=(0, 0.3),
    compose=("add",),
)
_BLURRED = RainStyle(
    "noise",
    angle=(-45, 45),
    spread=1,
    length=(12, 50),
    width=(0.9, 2.0),
    density=(0.01, 0.05),
    brightness=(0.25, 0.55),
    patchiness=(0, 0.3),
    compose=("screen", "add"),
)
_RENDERED = RainStyle(
    "rendered",
    brightness=(0.25, 0.9),
    patchiness=(0, 0.6),
    compose=("add", "screen", "alpha"),
)
_NEAR = RainStyle(
    "drops",
    length=(6, 26),
    density=(0.2, 1.5),
    brightness=(0.1, 0.45),
    compose=("alpha", "screen"),
)
_DRIZZLE = RainStyle(
    "lines",
    angle=(-35, 35),
    spread=4,
    length=(5, 18),
    width=(0.8, 1.6),
    density=(15, 90),
    brightness=(0.12, 0.5),
    tint=(0, 0.15),
    patchiness=(0, 0.9),
    compose=("add", "screen", "alpha"),
)
_GLINTS = RainStyle(
    "lines",
    angle=(-40, 40),
    spread=12,
    length=(2.5, 9),
    width=(1.0, 2.4),
    density=(30, 220),
    brightness=(0.3, 0.95),
    patchiness=(0.2, 1.0),
    compose=("add", "screen"),
)
_EXTRACTED = RainStyle("extracted", brightness=(0.3, 0.9), patchiness=(0, 0.4), compose=("add",))
_LONG = RainStyle(
    "lines",
    angle=(-30, 30),
    length=(50, 110),
    width=(1.5, 5.0),
    density=(0.5, 4),
    brightness=(0.15, 0.6),
    compose=("screen", "alpha", "add"),
)

# Rain of every size, slant and colour. A recipe's styles fall together, the farthest first.
_FAR = RainStyle(
    "lines",
    spread=3,
    length=(6, 24),
    width=(0.8, 1.4),
    scale=(0.8, 2.2),
    density=(30, 160),
    brightness=(0.1, 0.45),
    tint=(0, 0.2),
    patchiness=(0, 0.8),
    lift=(0.0, 0.3),
    compose=("alpha", "screen", "add"),
)
_MIDDLE = RainStyle(
    "lines",
    spread=2.5,
    length=(14, 60),
    width=(1.0, 2.4),
    scale=(0.7, 5.0),
    profile=("soft", "soft", "flat", "ragged", "beaded"),
    density=(3, 30),
    brightness=(0.2, 0.95),
    tint=(0, 0.25),
    patchiness=(0, 0.7),
    glow=(0.0, 0.8),
    compose=("alpha", "screen", "add"),
)
_CLOSE = RainStyle(
    "lines",
    spread=4,
    length=(12, 40),
    width=(1.6, 3.2),
    scale=(2.0, 8.0),
    profile=("soft", "soft", "flat", "beaded"),
    density=(4, 30),
    brightness=(0.1, 0.6),
    tint=(0, 0.25),
    glow=(0.0, 0.8),
    compose=("alpha", "screen"),
)
_DENSE = RainStyle(
    "lines",
    spread=3,
    directions=(1, 4),
    angle=(-60, 60),
    length=(14, 60),
    width=(1.0, 2.8),
    scale=(0.8, 3.5),
    profile=("soft", "soft", "flat"),
    density=(12, 45),
    brightness=(0.4, 1.0),
    patchiness=(0, 0.4),
    lift=(0.0, 0.25),
    compose=("add", "screen", "alpha"),
)
_STREAMS = RainStyle(
    "noise",
    spread=1.5,
    length=(12, 50),
    width=(0.9, 2.2),
    scale=(0.8, 5.0),
    profile=("soft", "soft", "flat", "ragged"),
    density=(0.01, 0.06),
    brightness=(0.2, 0.8),
    tint=(0, 0.2),
    patchiness=(0, 0.6),
    lift=(0.0, 0.25),
    glow=(0.0, 0.5),
    compose=("screen", "add", "alpha"),
)
_DASHES = RainStyle(
    "lines",
    spread=9,
    length=(2.5, 11),
    width=(1.0, 2.4),
    scale=(0.8, 5.0),
    profile=("soft", "flat", "flat", "ragged"),
    density=(15, 180),
    brightness=(0.3, 1.0),
    tint=(0, 0.35),
    patchiness=(0.1, 1.0),
    glow=(0.0, 1.0),
    compose=("add", "screen", "alpha"),
)
_SPRAYS = RainStyle(
    "sprays",
    spread=70,
    length=(2, 8),
    width=(0.9, 1.8),
    scale=(0.8, 3.0),
    density=(40, 250),
    brightness=(0.3, 0.9),
    compose=("add", "screen", "alpha"),
)
_SPLASHES = replace(_SPRAYS, density=(150, 600), edges=True)
_BOKEH = RainStyle(
    "drops",
    length=(6, 26),
    scale=(0.6, 2.3),
    density=(0.2, 2.0),
    brightness=(0.1, 0.5),
    tint=(0, 0.3),
    glow=(0.0, 1.0),
    compose=("alpha", "screen"),
)
_SHEETS = RainStyle(
    "sheets",
    spread=6,
    length=(12, 30),
    width=(2, 7),
    scale=(3.0, 14.0),
    brightness=(0.08, 0.45),
    patchiness=(0, 0.8),
    compose=("alpha", "screen"),
)
_OLD_RENDERED = replace(_RENDERED, scale=(0.8, 3.0), glow=(0.0, 0.5))
_FILMED = RainStyle(
    "filmed",
    scale=(0.8, 2.5),
    brightness=(0.3, 1.0),
    patchiness=(0, 0.5),
    glow=(0.0, 0.6),
    compose=("alpha", "screen", "add"),
)
_EVERY = RainPreset(
    (
        RainRecipe((_FAR,), 0.6, wind=90),
        RainRecipe((_MIDDLE,), 2.5, wind=90),
        RainRecipe((_FAR, _MIDDLE, _CLOSE), 1.5, wind=90),
        RainRecipe((_FAR, _MIDDLE), 1.2, wind=90),
        RainRecipe((_MIDDLE, _BOKEH), 0.4, wind=90),
        RainRecipe((_CLOSE,), 0.6, wind=90),
        RainRecipe((_DENSE,), 2.0),
        RainRecipe((_DENSE, _SHEETS), 0.8),
        RainRecipe((_STREAMS,), 1.5, wind=90),
        RainRecipe((_STREAMS, _SHEETS), 0.7, wind=90),
        RainRecipe((_SHEETS, _FAR), 0.5, wind=60),
        RainRecipe((_DASHES,), 1.2, wind=90),
        RainRecipe((_FAR, _DASHES), 0.8, wind=90),
        RainRecipe((_FAR, _SPRAYS), 0.4, wind=90),
        RainRecipe((_MIDDLE, _SPLASHES), 0.5, wind=90),
        RainRecipe((_OLD_RENDERED,), 1.0),
        RainRecipe((_FAR, _OLD_RENDERED), 0.7, wind=90),
        RainRecipe((_FILMED,), 0.8),
        RainRecipe((_FILMED, _MIDDLE), 0.4, wind=60),
        RainRecipe((_EXTRACTED,), 0.8),
        RainRecipe((_EXTRACTED,) * 3, 0.5),
    ),
    gamma=(0.6, 1.5),
    noise=(0.0, 0.015),
    jpeg=(60.0, 97.0),
    jpeg_share=0.35,
    lookalikes=0.15,
    strokes=0.1,
    weather_share=0.5,
)


def _calibrated(style: RainStyle, wind: float = 90) -> RainPreset:
    return RainPreset((RainRecipe((style,), wind=wind),))


_BROAD = RainPreset(
    (
        RainRecipe((_LIGHT,), 1.0),
        RainRecipe((_HEAVY,), 2.0),
        RainRecipe((_BLURRED,), 2.0),
        RainRecipe((_RENDERED,), 1.5),
        RainRecipe((_DRIZZLE, _LONG), 1.5),
        RainRecipe((_RENDERED, _DRIZZLE), 0.7),
        RainRecipe((_BLURRED, _NEAR), 0.8),
        RainRecipe((_LIGHT, _NEAR), 0.5),
    ),
    veil=(0.0, 0.5),
    gamma=(0.7, 1.4),
    noise=(0.0, 0.015),
    jpeg=(60.0, 97.0),
    jpeg_share=0.35,
    lookalikes=0.25,
    weather_share=0.5,
)

PRESETS: dict[str, RainPreset] = {
    "dry": RainPreset(
        (),
        veil=(0.0, 0.5),
        gamma=(0.7, 1.4),
        noise=(0.0, 0.015),
        jpeg=(60.0, 97.0),
        jpeg_share=0.25,
        lookalikes=0.4,
        strokes=0.4,
        weather_share=0.3,
    ),
    "light": RainPreset((RainRecipe((_LIGHT,)),)),
    "heavy": RainPreset((RainRecipe((_HEAVY,)),)),
    "blurred": RainPreset((RainRecipe((_BLURRED,)),)),
    "rendered": RainPreset((RainRecipe((_RENDERED,)),)),
    "every": _EVERY,
    "fine": _calibrated(replace(_MIDDLE, scale=(0.7, 1.0))),
    "middle": _calibrated(replace(_MIDDLE, scale=(1.0, 2.5))),
    "large": _calibrated(replace(_MIDDLE, length=(14, 48), scale=(3.0, 8.0))),
    "dense": RainPreset((RainRecipe((_DENSE,)), RainRecipe((_FAR, _DENSE, _SHEETS)))),
    "broad": _BROAD,
    "wide": replace(
        _BROAD,
        recipes=(
            *_BROAD.recipes,
            RainRecipe((_SPARSE,), 2.0),
            RainRecipe((_GLINTS,), 1.0),
            RainRecipe((_GLINTS, _DRIZZLE), 0.5),
            RainRecipe((_EXTRACTED,), 1.5),
            RainRecipe((_EXTRACTED,) * 3, 1.5),
        ),
        strokes=0.12,
    ),
}


def rain_preset(name: str) -> RainPreset:
    """A named preset; :data:`PRESETS` has their names.

    ``wide`` is ``broad`` with sparse streaks, short glints, rain layers taken from pairs, one or
    three at once, and more of what looks like rain.

    ``broad-without-heavy`` is ``broad`` without the recipes that hold a style of ``heavy``, and so
    on: rain for training whose family is held out.
    """
    whole, without, part = name.partition("-without-")
    if without:
        return _without(rain_preset(whole), rain_preset(part), name)
    if name not in PRESETS:
        raise ConfigError(f"unknown rain preset {name!r}; known: {', '.join(PRESETS)}")
    return PRESETS[name]


def _without(whole: RainPreset, part: RainPreset, name: str) -> RainPreset:
    out = {style for recipe in part.recipes for style in recipe.styles}
    kept = tuple(r for r in whole.recipes if not out.intersection(r.styles))
    if not kept or len(kept) == len(whole.recipes):
        raise ConfigError(f"rain preset {name!r} leaves out all recipes or none")
    return replace(whole, recipes=kept)
