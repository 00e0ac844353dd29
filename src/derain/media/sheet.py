"""Many small pictures as one, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

GAP, LINE = 6, 30
"""Pixels around a panel, and of its title's line."""


def contact_sheet(panels: Sequence[tuple[str, Pixels | None]], across: int, side: int) -> Pixels:
    """Panels in rows on white, each under its title.

    Args:
        panels: (title, (H, W, 3) uint8) in reading order; None leaves a place empty. Without any
            title there is no line for them.
        across: Panels in a row.
        side: Longer ones are shrunk to this many pixels.

    Returns:
        (H, W, 3) uint8; each place is as large as the largest panel.
    """
    shown = [None if pixels is None else _shrunk(pixels, side) for _, pixels in panels]
    sizes = [image.size for image in shown if image is not None]
    width, height = (max(size[axis] for size in sizes) for axis in (0, 1))
    line = LINE if any(title for title, _ in panels) else 0
    down = -(-len(panels) // across)
    size = across * (width + GAP) + GAP, down * (height + line + GAP) + GAP
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for index, ((title, _), image) in enumerate(zip(panels, shown, strict=True)):
        left = GAP + index % across * (width + GAP)
        top = GAP + index // across * (height + line + GAP)
        pen.text((left + 2, top + 4), title, "black", font)
        if image is not None:
            sheet.paste(image, (left, top + line))
    return np.asarray(sheet)


def _shrunk(pixels: Pixels, side: int) -> Image.Image:
    scale = min(1.0, side / max(pixels.shape[:2]))
    width, height = (max(1, round(length * scale)) for length in pixels.shape[1::-1])
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
