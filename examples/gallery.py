"""Draws the pictures of the documentation with the shipped weights, and docs/gallery.md.

    python -m examples.gallery

Photographs are scikit-image's: ``rocket`` (SpaceX, CC0), ``astronaut`` (NASA, public domain),
``chelsea`` (S. van der Walt, CC0) and ``coffee`` (R. Marcic, CC0). The rain is our synthesiser's;
so is what streak removal is not for (mist, snow, drops on the lens).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
import torch
from benchmarks.lookalikes import PICTURES, draw_lookalike
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.media import read_picture
from derain.media.compared import side_by_side
from derain.metrics import psnr
from derain.rain import RainPreset, RainRecipe, RainStyle, RainSynthesizer, rain_preset

Pixels = NDArray[np.uint8]

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
IMAGES = DOCS / "images"

PHOTOS = {
    "rocket": ("light", "SpaceX, CC0"),
    "astronaut": ("blurred", "NASA, public domain"),
    "chelsea": ("light", "S. van der Walt, CC0"),
    "coffee": ("heavy", "R. Marcic, CC0"),
}

_SNOW = RainStyle(
    "drops", length=(3, 9), density=(20, 30), brightness=(0.7, 0.95), compose=("alpha",)
)
_LENS = RainStyle(
    "drops", length=(20, 50), density=(0.8, 1), brightness=(0.35, 0.6), compose=("alpha",)
)
FAILURES = {
    "mist": ("coffee", RainPreset((), veil=(0.55, 0.55), weather_share=1.0)),
    "snow": ("astronaut", RainPreset((RainRecipe((_SNOW,)),))),
    "lens": ("chelsea", RainPreset((RainRecipe((_LENS,)),))),
    "night": (
        "coffee",
        RainPreset(rain_preset("light").recipes, gamma=(2.6, 2.6), weather_share=1.0),
    ),
}


def photograph(name: str) -> Pixels:
    """A free photograph, (H, W, 3) uint8."""
    pixels: Pixels = getattr(skimage.data, name)()
    return pixels[:400]


def fall(photo: Pixels, preset: RainPreset, seed: int) -> tuple[Pixels, Pixels]:
    """The rainy picture, and the clean one that belongs to it."""
    tensor = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None] / 255
    sample = RainSynthesizer(preset)(tensor, torch.Generator().manual_seed(seed))
    rainy, clean = (
        (layer[0] * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
        for layer in (sample.rainy, sample.clean)
    )
    return rainy, clean


def save(name: str, pixels: Pixels) -> None:
    """Into the documentation's pictures."""
    Image.fromarray(pixels).save(IMAGES / name, quality=88)


def readme(base: Derainer) -> None:
    """The two pictures of README.md."""
    rainy = read_picture(HERE / "rainy.jpg").colour
    clean = base(rainy)
    save("example.jpg", side_by_side(rainy, clean))
    window, removed = np.s_[40:240, 0:240], np.maximum(rainy, clean) - clean
    parts = (np.kron(x[window], np.ones((2, 2, 1), np.uint8)) for x in (rainy, clean, removed))
    save("detail.png", side_by_side(*parts))


def strengths(base: Derainer) -> None:
    """The picture of the dial in docs/limits.md: nothing, half and all of the change."""
    rainy = read_picture(HERE / "rainy.jpg").colour[:, 160:480]
    save("strength.jpg", side_by_side(*(base(rainy, strength=share) for share in (0, 0.5, 1))))


def gallery(base: Derainer, fast: Derainer) -> None:
    """docs/gallery.md and its pictures."""
    lines = [
        "# Gallery",
        "",
        "Written by `python -m examples.gallery` with the shipped weights.",
        "Free photographs under synthesised rain, so that the truth is known: rainy, `fast`, "
        "`base`, truth.",
        "PSNR is on Matlab luma.",
        "Real rainy photographs belong to third parties and are not shown; "
        "[limits.md](limits.md) says what was seen on them.",
        "",
    ]
    for seed, (name, (preset, source)) in enumerate(PHOTOS.items()):
        rainy, clean = fall(photograph(name), rain_preset(preset), seed)
        quick, best = fast(rainy), base(rainy)
        save(f"gallery-{name}.jpg", side_by_side(rainy, quick, best, clean))
        before, middle, after = (psnr(x, clean) for x in (rainy, quick, best))
        lines += [
            f"**{name}** ({source}), rain of the preset `{preset}`: {before:.2f} dB, `fast` "
            f"{middle:.2f}, `base` {after:.2f}",
            "",
            f"![{name}: rainy, fast, base, truth](images/gallery-{name}.jpg)",
            "",
        ]
    lines += ["## Dry photographs", "", "| photograph | `fast` dB | `base` dB |", "|---|---|---|"]
    for name in PHOTOS:
        photo = photograph(name)
        lines.append(
            f"| {name} | {psnr(fast(photo), photo):.2f} | {psnr(base(photo), photo):.2f} |"
        )
    lines += ["", "PSNR between photograph and result: what the models change where no rain falls."]
    (DOCS / "gallery.md").write_text("\n".join(lines) + "\n")


def failures(base: Derainer) -> None:
    """The pictures of docs/limits.md."""
    for seed, (name, (photo, preset)) in enumerate(FAILURES.items()):
        given, _ = fall(photograph(photo), preset, seed)
        save(f"fails-{name}.jpg", side_by_side(given, base(given)))
    rows = []
    for name in PICTURES:
        picture = draw_lookalike(name)
        rows.append(side_by_side(picture, base(picture)))
    rows += [np.full_like(rows[0], 255)] * (-len(rows) % 3)
    sheet = np.concatenate([side_by_side(*rows[i : i + 3]) for i in range(0, len(rows), 3)])
    save("lookalikes.jpg", sheet[::2, ::2])


if __name__ == "__main__":
    models = (Derainer(name, backend="onnxruntime") for name in ("base", "fast"))
    best, quick = models
    readme(best)
    strengths(best)
    gallery(best, quick)
    failures(best)
