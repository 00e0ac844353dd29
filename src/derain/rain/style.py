"""What rain looks like, as ranges: one style is one population of streaks or drops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from derain.errors import ConfigError

Range = tuple[float, float]

Composition = Literal["add", "screen", "alpha"]
Profile = Literal["soft", "flat", "ragged", "beaded"]


@dataclass(frozen=True)
class RainStyle:
    """One population of streaks or drops. Every range is drawn anew for each image.

    Attributes:
        family: A name of :mod:`derain.rain.families`. ``lines``, sharp line streaks at random
            places; ``noise``, thresholded noise blurred along the motion (how Rain1400 was made, Fu
            et al. 2017); ``sheets``, soft bands and curtains stretched along the fall; ``sprays``,
            bursts of droplets and short dashes in every direction, as where rain hits something;
            ``drops``, drops near the lens, out of focus; ``rendered``, crops of streak layers read
            from images (Garg and Nayar 2006); ``extracted``, crops of the layers O - B of pairs at
            hand; ``filmed``, real rain taken from clips (:mod:`derain.rain.filmed`).
        angle: Direction of fall in degrees from vertical, positive leaning right.
        spread: Standard deviation in degrees of single streaks around their direction.
        directions: How many directions fall at once.
        length: Length of a streak, or diameter of a drop, in pixels.
        width: Width of a streak (full width at half maximum) in pixels.
        scale: The whole layer is drawn this much smaller and enlarged, log-uniform: lengths, widths
            and the distances between them grow alike. At most ``LONGEST`` pixels become of a
            streak.
        profile: What streaks look like across; one is drawn. ``soft``, Gaussian; ``flat``, hard
            edges and blunt ends; ``ragged``, hard and uneven edges; ``beaded``, broken into beads.
        density: Streaks (of each direction) or drops for each 10,000 pixels; for ``noise`` the
            share of pixels in 0..1 that start a streak.
        brightness: Peak of the layer in 0..1.
        tint: How far each colour channel may darken, in 0..1.
        patchiness: How far the density varies over the image, in 0..1.
        lift: Brightness that dense rain too fine to see adds between its streaks, in 0..1, thick
            where the streaks are dense. It is part of the rain, unlike a preset's ``veil``.
        glow: Share of the rain's colour that is the colour of the picture's own brightest places,
            in 0..1: back-lit rain.
        edges: Whether it falls only where the picture has edges to splash from.
        compose: Ways to put the layer on the image; one is drawn.
    """

    family: str
    angle: Range = (-30.0, 30.0)
    spread: float = 2.0
    directions: tuple[int, int] = (1, 1)
    length: Range = (10.0, 40.0)
    width: Range = (1.0, 2.0)
    scale: Range = (1.0, 1.0)
    profile: tuple[Profile, ...] = ("soft",)
    density: Range = (5.0, 30.0)
    brightness: Range = (0.3, 0.9)
    tint: Range = (0.0, 0.1)
    patchiness: Range = (0.0, 0.5)
    lift: Range = (0.0, 0.0)
    glow: Range = (0.0, 0.0)
    edges: bool = False
    compose: tuple[Composition, ...] = ("add", "screen")

    def __post_init__(self) -> None:
        for name in _RANGES:
            low, high = getattr(self, name)
            if low > high:
                raise ConfigError(f"rain style: {name} goes from {low} down to {high}")
        if self.scale[0] <= 0:
            raise ConfigError(f"rain style: scale must be above 0, not {self.scale[0]}")


_RANGES = (
    *("angle", "length", "width", "scale", "density", "brightness"),
    *("tint", "patchiness", "lift", "glow"),
)


@dataclass(frozen=True)
class RainRecipe:
    """Styles that fall together.

    Attributes:
        styles: Put on the picture one after another: the farthest first.
        weight: Of this recipe among others.
        wind: Where above 0, all styles fall in one direction, drawn for each image: degrees from
            vertical up to ``wind`` to both sides, steep ones more often. 0 lets each style draw its
            own.
    """

    styles: tuple[RainStyle, ...]
    weight: float = 1.0
    wind: float = 0.0


@dataclass(frozen=True)
class RainPreset:
    """A distribution over rainy pictures.

    The clean image keeps what is not streaks: veil, gamma and sensor noise change the background
    before the rain is put on it, so they stand in both images; JPEG is applied to both.

    Attributes:
        recipes: What falls; one is drawn for each image by weight.
        veil: Share of a grey veil (mist) mixed into the background.
        gamma: Exponent put on the background.
        noise: Standard deviation of sensor noise in 0..1.
        jpeg: JPEG quality in 1..100, for the share ``jpeg_share`` of images.
        jpeg_share: Share of images that go through JPEG.
        lookalikes: Share of backgrounds that receive bars and railings, which are not rain.
        strokes: Share of backgrounds that receive thin lines without ends: wires, hatching, hair.
        weather_share: Share of images on which veil, gamma and noise are applied at all.
    """

    recipes: tuple[RainRecipe, ...]
    veil: Range = (0.0, 0.0)
    gamma: Range = (1.0, 1.0)
    noise: Range = (0.0, 0.0)
    jpeg: Range = (100.0, 100.0)
    jpeg_share: float = 0.0
    lookalikes: float = 0.0
    strokes: float = 0.0
    weather_share: float = 0.0
