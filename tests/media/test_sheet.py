"""Many pictures on one, and some side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from derain.media.compared import LINE as BETWEEN
from derain.media.compared import side_by_side
from derain.media.sheet import GAP, LINE, contact_sheet

Pixels = NDArray[np.uint8]


def test_panels_in_reading_order(photos: list[Pixels]) -> None:
    """Small ones as they are, under their titles; a place without one is white."""
    first, second, third = (photo[:40, :60] for photo in photos[:3])
    sheet = contact_sheet([("a", first), ("", None), ("b", second), ("", third)], 2, 100)
    assert sheet.shape == (2 * (40 + LINE + GAP) + GAP, 2 * (60 + GAP) + GAP, 3)
    rows, columns = (GAP + LINE, GAP + LINE + 40 + LINE + GAP), (GAP, GAP + 60 + GAP)
    for (top, left), panel in {
        (rows[0], columns[0]): first,
        (rows[1], columns[0]): second,
        (rows[1], columns[1]): third,
    }.items():
        assert np.array_equal(sheet[top:, left:][:40, :60], panel)
    assert (sheet[: rows[1] - LINE, columns[1] :] == 255).all()
    titles = sheet[GAP : GAP + LINE, GAP : GAP + 60]
    assert titles.min() == 0 and (sheet[rows[1] - LINE : rows[1], columns[1] :] == 255).all()


def test_large_panels_are_shrunk(photo: Pixels) -> None:
    """As Pillow shrinks them, with their sides' ratio; no title, no line for it."""
    sheet = contact_sheet([("", photo), ("", photo[:30, :30])], 2, 90)
    assert sheet.shape == (60 + 2 * GAP, 2 * 90 + 3 * GAP, 3)
    expected = Image.fromarray(photo).resize((90, 60), Image.Resampling.LANCZOS)
    shown = Image.fromarray(np.ascontiguousarray(sheet[GAP : GAP + 60, GAP : GAP + 90]))
    assert ImageChops.difference(shown, expected).getbbox() is None
    assert np.array_equal(sheet[GAP:, 90 + 2 * GAP :][:30, :30], photo[:30, :30])


def test_side_by_side(photos: list[Pixels]) -> None:
    for kind in (np.uint8, np.uint16):
        parts = [photo[:9, :7].astype(kind) for photo in photos[:3]]
        row = side_by_side(*parts)
        assert row.dtype == kind and row.shape == (9, 3 * 7 + 2 * BETWEEN, 3)
        for index, part in enumerate(parts):
            left = index * (7 + BETWEEN)
            assert np.array_equal(row[:, left : left + 7], part)
        assert (row[:, 7 : 7 + BETWEEN] == np.iinfo(kind).max).all()
    assert side_by_side(parts[0][..., 0], parts[1][..., 0]).shape == (9, 14 + BETWEEN)
