"""Draws docs/images/families.jpg: what the recipes of the preset ``every`` look like.

    python -m examples.families

Photographs are scikit-image's: ``rocket`` (SpaceX, CC0), ``astronaut`` (NASA, public domain),
``chelsea`` (S. van der Walt, CC0) and ``coffee`` (R. Marcic, CC0).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import torch
from examples.gallery import PHOTOS, Pixels, photograph, save

from derain.media.sheet import contact_sheet
from derain.rain import RainRecipe, RainSynthesizer, rain_preset
from derain.rain.families import FAMILIES

SIDE, COLUMNS = 240, 6
_GIVEN = {"rendered", "extracted", "filmed"}  # layers that are not ours to show


def picture(recipe: RainRecipe, photo: Pixels, seed: int) -> Pixels:
    """A recipe's rain on the middle of a photograph, nothing else changed."""
    preset = replace(
        rain_preset("every"),
        recipes=(recipe,),
        **{"lookalikes": 0.0, "strokes": 0.0, "weather_share": 0.0, "jpeg_share": 0.0},
    )
    top, left = (photo.shape[axis] // 2 - SIDE // 2 for axis in (0, 1))
    middle = torch.from_numpy(photo[top : top + SIDE, left : left + SIDE].copy())
    sample = RainSynthesizer(preset)(
        middle.permute(2, 0, 1)[None] / 255, torch.Generator().manual_seed(seed)
    )
    pixels: Pixels = (sample.rainy[0] * 255).round().byte().permute(1, 2, 0).numpy()
    return pixels


def main() -> None:
    """Write the sheet."""
    assert set(FAMILIES) > _GIVEN
    recipes = [
        recipe
        for recipe in rain_preset("every").recipes
        if not _GIVEN & {style.family for style in recipe.styles}
    ]
    photos = cycle(PHOTOS)
    tiles = []
    for index, recipe in enumerate(recipes):
        title = " + ".join(style.family for style in recipe.styles)
        tiles.append((title, picture(recipe, photograph(next(photos)), index)))
    save("families.jpg", contact_sheet(tiles, COLUMNS, SIDE))


if __name__ == "__main__":
    main()
