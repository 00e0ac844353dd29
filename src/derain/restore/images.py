"""Every kind of image a caller may hand in, as a picture, and the way back."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.errors import InvalidImageError
from derain.media import (
    FORMATS,
    check_written,
    decode_picture,
    encode_picture,
    read_picture,
    read_stream,
    too_large,
)
from derain.media.orientation import reset_xmp

Colours = NDArray[Any]


@dataclass(frozen=True)
class Opened:
    """A caller's image, opened.

    Attributes:
        colour: (H, W, 1) or (H, W, 3), uint8, uint16 or floating in [0, 1].
        close: Turns derained colours of the same shape and type into the caller's kind.
    """

    colour: Colours
    close: Callable[[Colours], Any]


def open_image(image: Any, max_pixels: int | None = None) -> Opened:
    """Open a path, the bytes of a file, an open file, a PIL image, or an array.

    A path gives back an array, since a picture of 16 bits fits in no PIL image; a file its bytes.

    Raises:
        TypeError: None of these.
        InvalidImageError: Of an impossible shape, type or range, or larger than ``max_pixels``.
    """
    if isinstance(image, str | os.PathLike):
        picture = read_picture(Path(image), max_pixels)
        return Opened(picture.colour, lambda c: picture.with_colour(c).stacked())
    if isinstance(image, bytes | bytearray | memoryview):
        return _open_bytes(bytes(image), "the picture", max_pixels)
    if isinstance(image, Image.Image):
        _check_size(*image.size, max_pixels)
        return _open_pil(image)
    if isinstance(image, np.ndarray):
        return _open_array(image, max_pixels)
    if hasattr(image, "read"):
        name = str(getattr(image, "name", "the picture"))
        data = read_stream(image, name)
        if not isinstance(data, bytes):
            raise TypeError(f"{name}: is open as text; open it in binary mode ('rb')")
        return _open_bytes(data, name, max_pixels)
    raise TypeError(
        f"cannot derain a {type(image).__name__}; give a path, bytes, an open file, a PIL image or "
        "a NumPy array"
    )


def _open_bytes(data: bytes, name: str, max_pixels: int | None) -> Opened:
    picture = decode_picture(data, name, max_pixels)
    check_written(FORMATS[picture.format], name)
    for note in picture.notes:
        warnings.warn(note, stacklevel=4)  # where the Derainer was called
    return Opened(picture.colour, lambda c: encode_picture(picture.with_colour(c)))


def _check_size(width: int, height: int, max_pixels: int | None) -> None:
    if max_pixels is not None and width * height > max_pixels:
        raise too_large("the picture", width, height, max_pixels)


_KEPT = ("icc_profile", "dpi", "comment", "photoshop", "gamma", "chromaticity", "srgb")
_XMP = ("xmp", "XML:com.adobe.xmp")
_PLAIN = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16", "I;16L", "I;16B", "I;16N")


def _open_pil(image: Image.Image) -> Opened:
    if image.mode not in _PLAIN:
        raise InvalidImageError(
            f"PIL images of mode {image.mode} are not supported; convert it to RGB first"
        )
    if _is_narrowed(image):
        raise InvalidImageError(
            "Pillow would read this picture of 16 bits at 8; give its path or its bytes instead"
        )
    # Written and read again, so that the same rules hold as for files: palettes, transparency,
    # orientation.
    buffer = BytesIO()
    try:
        image.load()  # by which a TIFF is turned upright, and its Exif says so
        exif = image.getexif()
        plain = image.convert("RGBA") if image.mode == "PA" else image
        # Without its profile, which may be longer than is read again, and is kept as it is below.
        options: dict[str, Any] = {"exif": exif.tobytes() if exif else b"", "icc_profile": None}
        plain.save(buffer, "PNG", compress_level=0, **options)
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidImageError(f"the PIL image cannot be read ({error})") from error
    picture = decode_picture(buffer.getvalue(), "the PIL image")

    def close(colour: Colours) -> Image.Image:
        result = Image.fromarray(picture.with_colour(colour).stacked())
        kept = (*_KEPT, *getattr(image, "text", {}))
        result.info.update({key: image.info[key] for key in kept if key in image.info})
        for key in _XMP:
            if key in image.info:
                result.info[key] = _upright_xmp(image.info[key])
        if picture.metadata.exif:
            result.info["exif"] = picture.metadata.exif
        return result

    return Opened(picture.colour, close)


def _is_narrowed(image: Image.Image) -> bool:
    """Whether a file that Pillow has not read yet has 16 bits where the image will have 8."""
    for tile in getattr(image, "tile", []):
        values = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        if tile.codec_name.startswith("ppm") and values[-1] > 255:  # the largest value
            return True
        if ";16" in str(values[0]) and not image.mode.startswith("I;16"):
            return True
    return False


def _upright_xmp(xmp: Any) -> Any:
    return reset_xmp(xmp) if isinstance(xmp, bytes) else reset_xmp(str(xmp).encode()).decode()


def _open_array(array: NDArray[Any], max_pixels: int | None) -> Opened:
    given = array.dtype
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise InvalidImageError("a masked array would lose its mask; fill it first")
    # Plain, and in the byte order of this machine; both come back as they were, but for matrices.
    array = np.asarray(array, given.newbyteorder("="))
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise InvalidImageError(
            f"arrays of {given} are not supported; use uint8, uint16 or floats in [0, 1]"
        )
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] > 4):
        raise InvalidImageError(
            f"an array of shape {array.shape} is no image; use (H, W), or (H, W, C) with C up to 4"
        )
    _check_size(array.shape[1], array.shape[0], max_pixels)
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not (low >= 0 and high <= 1):  # false for NaN too
            raise InvalidImageError(
                f"values of a floating array must lie in [0, 1], not in [{low:g}, {high:g}]"
            )
    flat = array.ndim == 2
    stacked = array[..., None] if flat else array
    colours = stacked.shape[2] - (stacked.shape[2] in (2, 4))
    rest = stacked[..., colours:]

    def close(colour: Colours) -> NDArray[Any]:
        whole = colour[..., 0] if flat else np.concatenate([colour, rest], axis=2)
        return whole.astype(given, copy=False)

    return Opened(stacked[..., :colours], close)
