"""A picture as the rest of the package sees it: upright pixels and what comes back with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]  # uint8 or uint16


@dataclass(frozen=True)
class Metadata:
    """What is carried over unread, but for the orientation, which is applied and reset.

    Attributes:
        icc: ICC colour profile.
        cicp: Colour primaries and transfer as ITU-T H.273 numbers them, where there is no profile.
        exif: Raw Exif block, orientation 1.
        xmp: Raw XMP packet, orientation 1.
        dpi: Resolution.
        comment: JPEG comment.
        segments: Further segments of a JPEG as (name, data): captions and credits (IPTC in APP13),
            extended XMP (APP1).
        text: PNG text entries.
        colour: PNG colour chunks (gAMA, cHRM, sRGB, cICP, mDCV, cLLI) as (name, data).
        tags: Descriptive and colorimetric TIFF tags.
        compression: TIFF compression.
    """

    icc: bytes | None = None
    cicp: tuple[int, int] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    segments: tuple[tuple[str, bytes], ...] = ()
    text: Mapping[str, str] = field(default_factory=dict)
    colour: tuple[tuple[bytes, bytes], ...] = ()
    tags: Mapping[int, Any] = field(default_factory=dict)
    compression: str | None = None


@dataclass(frozen=True)
class Picture:
    """One picture in memory.

    Attributes:
        colour: (H, W, 1) grey or (H, W, 3) RGB, uint8 or uint16, upright.
        alpha: (H, W) of the same type, or None.
        format: Pillow's name of the format it was read from.
        lossless: Whether the file it was read from was compressed without loss.
        metadata: What must come back with it.
        notes: What a person should be told about reading it.
    """

    colour: Pixels
    alpha: Pixels | None = None
    format: str = "PNG"
    lossless: bool = True
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.colour.ndim == 3 and self.colour.shape[2] in (1, 3)
        assert self.colour.dtype in (np.uint8, np.uint16)

    @property
    def deep(self) -> bool:
        """Whether it has 16 bits a channel."""
        return self.colour.dtype == np.uint16

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.colour.shape[1], self.colour.shape[0]

    def with_colour(self, colour: Pixels) -> Picture:
        """The same picture with other colours of the same shape and type."""
        assert colour.shape == self.colour.shape and colour.dtype == self.colour.dtype
        return replace(self, colour=colour)

    def stacked(self) -> Pixels:
        """(H, W) grey, or (H, W, C) with the alpha channel last, as Pillow lays it out."""
        if self.alpha is not None:
            return np.concatenate([self.colour, self.alpha[..., None]], axis=2)
        return self.colour[..., 0] if self.colour.shape[2] == 1 else self.colour
