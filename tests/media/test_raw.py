"""The preview inside a raw file is never taken for the photograph."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from derain.errors import InvalidImageError
from derain.media import decode_picture

DNG_VERSION = (50706, 1, 4, (1, 4, 0, 0), True)


def tiff(first: NDArray[np.uint8], *inner: NDArray[np.uint8], **options: object) -> bytes:
    """A TIFF of ``first``, with further pictures in directories below it."""
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(first, photometric="rgb", subifds=len(inner), **options)
        for pixels in inner:
            writer.write(pixels, photometric="rgb")
    return buffer.getvalue()


def test_a_preview_before_the_picture_is_refused(photo: NDArray[np.uint8]) -> None:
    small = np.ascontiguousarray(photo[::4, ::4])
    for options in ({"subfiletype": 1}, {}):
        with pytest.raises(InvalidImageError, match=r"x.tif: .*preview of 113x75 .*451x300"):
            decode_picture(tiff(small, photo, **options), "x.tif")


def test_a_dng_is_refused(photo: NDArray[np.uint8]) -> None:
    for data in (tiff(photo, extratags=[DNG_VERSION]), tiff(photo, photo, extratags=[DNG_VERSION])):
        with pytest.raises(InvalidImageError, match=r"raw photograph.*develop it first"):
            decode_picture(data)


@pytest.mark.parametrize(
    "head",
    [
        b"II*\0\x10\0\0\0CR\x02\0",
        b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
        b"FUJIFILMCCD-RAW 0201",
        b"IIRO\x08\0\0\0",
        b"IIU\0\x18\0\0\0",
        b"\0MRM\0\0\0\0",
        b"FOVb\0\0\x02\0",
    ],
)
def test_raw_files_are_called_so(head: bytes) -> None:
    with pytest.raises(InvalidImageError, match=r"raw photograph.*develop it first"):
        decode_picture(head + bytes(1000))


def test_smaller_copies_below_a_picture_are_no_preview(photo: NDArray[np.uint8]) -> None:
    """A pyramid: the picture first, at its full size."""
    picture = decode_picture(tiff(photo, np.ascontiguousarray(photo[::2, ::2])))
    assert np.array_equal(picture.colour, photo)
    alone = decode_picture(tiff(photo, subfiletype=1))
    assert np.array_equal(alone.colour, photo)
