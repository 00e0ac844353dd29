"""Dry pictures that look like rain: how much each model changes them.

    python -m benchmarks.lookalikes [--models fast base] [--pictures FOLDER]

Every picture is drawn by a program, so that everybody has the same; none holds rain. Prints a
table: PSNR between picture and result (luma), and the share of pixels moved by more than 8 levels.
tests/golden/test_lookalikes.py holds the shipped models to bounds on them.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from derain import Derainer
from derain.media.compared import side_by_side
from derain.metrics import changed_fraction, psnr

SIDE = 384
_FINE = 3  # drawn so much larger and shrunk, for smooth edges

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
Draw = Callable[[ImageDraw.ImageDraw, random.Random], None]


def _scene(sky: Colour, ground: Colour) -> Image.Image:
    """A plain background that runs from one colour to another."""
    share = np.linspace(0, 1, SIDE * _FINE)[:, None, None]
    rows = (1 - share) * np.array(sky) + share * np.array(ground)
    return Image.fromarray(np.broadcast_to(rows, (SIDE * _FINE,) * 2 + (3,)).astype(np.uint8))


def _line(
    pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], ink: int, width: float
) -> None:
    scaled = [(x * _FINE, y * _FINE) for x, y in points]
    pen.line(scaled, (ink, ink, ink), max(1, round(width * _FINE)), joint="curve")


def railing(pen: ImageDraw.ImageDraw, _: random.Random) -> None:
    """A light railing before dark ground."""
    for x in range(10, SIDE, 14):
        _line(pen, [(x, 90), (x, 330)], 200, 2.5)
    for y in (90, 330):
        _line(pen, [(0, y), (SIDE, y)], 210, 5)


def hatching(pen: ImageDraw.ImageDraw, _: random.Random) -> None:
    """An engraving: slanted light lines, denser to the right."""
    x = -SIDE / 3
    while x < SIDE:
        _line(pen, [(x + SIDE / 3, 0), (x, SIDE)], 190, 1.2)
        x += 12 - 8 * max(0.0, x) / SIDE


def fabric(pen: ImageDraw.ImageDraw, _: random.Random) -> None:
    """A weave of two threads."""
    for at in range(0, SIDE, 6):
        _line(pen, [(at, 0), (at, SIDE)], 150, 2)
        _line(pen, [(0, at + 3), (SIDE, at + 3)], 110, 2)


def text(pen: ImageDraw.ImageDraw, _: random.Random) -> None:
    """Light letters made of upright and slanted strokes."""
    font = ImageFont.load_default(17 * _FINE)
    for row in range(18):
        line = ("/ / l i l l i a m / | 1 1 7 / / ill will fill til" * 2)[row : row + 52]
        pen.text((8 * _FINE, (8 + row * 21) * _FINE), line, (225, 225, 225), font)


def blinds(pen: ImageDraw.ImageDraw, _: random.Random) -> None:
    """Upright slats with light between them."""
    for x in range(4, SIDE, 22):
        _line(pen, [(x, 0), (x, SIDE)], 235, 6)


def grass(pen: ImageDraw.ImageDraw, draw: random.Random) -> None:
    """Blades of all greys, nearly upright."""
    for _ in range(1600):
        x, y, tall = draw.uniform(0, SIDE), draw.uniform(60, SIDE + 40), draw.uniform(15, 60)
        lean = draw.gauss(0, 0.15) * tall
        _line(pen, [(x, y), (x + lean, y - tall)], draw.randint(40, 170), draw.uniform(0.8, 2))


def hair(pen: ImageDraw.ImageDraw, draw: random.Random) -> None:
    """Long strands that wave together."""
    for _ in range(500):
        x, ink = draw.uniform(-20, SIDE + 20), draw.randint(30, 170)
        phase = draw.gauss(0, 0.15)
        points = [(x + 14 * math.sin(y / 60 + phase), float(y)) for y in range(0, SIDE + 8, 8)]
        _line(pen, points, ink, 1)


def umbrella(pen: ImageDraw.ImageDraw, _: random.Random) -> None:
    """Ribs and a rim."""
    for k in range(24):
        angle = math.pi * (1 + k / 23)
        tip = (SIDE / 2 + 180 * math.cos(angle), 290 + 250 * math.sin(angle))
        _line(pen, [(SIDE / 2, 290), tip], 205, 1.8)
    box = [12 * _FINE, 40 * _FINE, 372 * _FINE, 540 * _FINE]
    pen.arc(box, 180, 360, (220, 220, 220), 3 * _FINE)


def wires(pen: ImageDraw.ImageDraw, _: random.Random) -> None:
    """Light cables before a dark sky."""
    for k in range(9):
        _line(pen, [(40 * k - 30, 0), (40 * k + 25, SIDE)], 180, 1.5)


PICTURES: dict[str, tuple[Colour, Colour, Draw]] = {
    "railing": ((120, 140, 160), (50, 55, 45), railing),
    "hatching": ((70, 65, 60), (40, 38, 35), hatching),
    "fabric": ((90, 70, 60), (80, 60, 60), fabric),
    "text": ((30, 40, 60), (20, 25, 40), text),
    "blinds": ((120, 110, 100), (90, 80, 70), blinds),
    "grass": ((130, 150, 160), (30, 50, 20), grass),
    "hair": ((60, 45, 35), (50, 35, 25), hair),
    "umbrella": ((90, 100, 110), (60, 60, 60), umbrella),
    "wires": ((60, 75, 100), (100, 110, 120), wires),
}


def draw_lookalike(name: str) -> Pixels:
    """One picture, (384, 384, 3) uint8, slightly blurred and with sensor noise, always the same."""
    sky, ground, draw = PICTURES[name]
    picture = _scene(sky, ground)
    draw(ImageDraw.Draw(picture), random.Random(0))
    picture = picture.resize((SIDE, SIDE), Image.Resampling.BOX).filter(
        ImageFilter.GaussianBlur(0.5)
    )
    noise = np.random.default_rng(0).normal(0, 1.5, (SIDE, SIDE, 3))
    return np.clip(np.asarray(picture) + noise, 0, 255).round().astype(np.uint8)


def main() -> None:
    """Print the table; write pictures before and after where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["fast", "base"])
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    derainers = {name: Derainer(name, backend="onnxruntime") for name in options.models}
    heads = [f"`{name}` dB | touched" for name in derainers]
    print(f"| picture | {' | '.join(heads)} |")
    print("| --- " * (1 + 2 * len(heads)) + "|")
    for name in PICTURES:
        picture, cells, sheet = draw_lookalike(name), [], []
        for derainer in derainers.values():
            result = derainer(picture)
            cells += [f"{psnr(result, picture):.2f}", f"{changed_fraction(picture, result):.3f}"]
            sheet.append(result)
        print(f"| {name} | {' | '.join(cells)} |")
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            both = Image.fromarray(side_by_side(picture, *sheet))
            both.save(options.pictures / f"{name}.png")


if __name__ == "__main__":
    main()
