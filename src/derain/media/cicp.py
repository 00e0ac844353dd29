"""Colour that no ICC profile describes: the code points of ITU-T H.273 (CICP).

PNG holds them in a chunk (cICP), AVIF and HEIC in a box (colr of type nclx). Matrix and range of
the box say how that very file is coded, so only primaries and transfer are carried over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_BOX = re.compile(rb"colrnclx(..)(..)", re.DOTALL)
_LIKE_SRGB = {1, 2}, {1, 2, 6, 13, 14, 15}
"""Primaries and transfers that are sRGB's, unspecified, or shown as sRGB by common viewers."""


class CodePoints(NamedTuple):
    """Colour primaries and transfer characteristics, as H.273 numbers them."""

    primaries: int
    transfer: int

    @property
    def like_srgb(self) -> bool:
        """Whether colours look the same without a word about them."""
        return self.primaries in _LIKE_SRGB[0] and self.transfer in _LIKE_SRGB[1]


def code_points(kind: str, header: bytes, info: Mapping[Any, Any]) -> CodePoints | None:
    """The code points of an AVIF or HEIC.

    Args:
        kind: Pillow's name of the format.
        header: The beginning of the file.
        info: What Pillow knows of it; of HEIC without the box, what the coded picture says.
    """
    if kind not in ("AVIF", "HEIF"):
        return None
    if box := _BOX.search(header):
        points = CodePoints(*(int.from_bytes(part, "big") for part in box.groups()))
    elif profile := info.get("nclx_profile"):
        points = CodePoints(profile["color_primaries"], profile["transfer_characteristics"])
    else:
        return None
    return points if max(points) < 256 else None  # H.273 has eight bits for each


def with_code_points(avif: bytes, points: CodePoints) -> bytes:
    """An AVIF whose box says these code points; its writer has no word for them."""
    box = _BOX.search(avif)
    if box is None:
        return avif
    at = box.start(1)
    return avif[:at] + b"".join(p.to_bytes(2, "big") for p in points) + avif[at + 4 :]


def from_png(chunk: bytes) -> CodePoints | None:
    """The code points of a cICP chunk; None where other formats could not hold it."""
    if len(chunk) == 4 and chunk[2:] == b"\x00\x01":  # RGB, full range
        return CodePoints(chunk[0], chunk[1])
    return None


def to_png(points: CodePoints) -> bytes:
    """The data of a cICP chunk (PNG, third edition, 11.3.2.6)."""
    return bytes([points.primaries, points.transfer, 0, 1])
