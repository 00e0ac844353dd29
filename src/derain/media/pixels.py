"""From an opened file to its pixels, which Pillow would change in silence for some kinds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from derain.errors import InvalidImageError
from derain.media.deep import is_deep, read_deep
from derain.media.picture import Pixels

_RARE_COMPRESSIONS = {"zstd", "webp", "lzma"}  # which Pillow may have been built without


def load_pixels(
    image: Image.Image, header: bytes, open_again: Callable[[], Image.Image], name: str
) -> Pixels:
    """The pixels as they are stored, with alpha, at their own depth; loads ``image``.

    Args:
        image: Opened, not loaded.
        header: The beginning of its file.
        open_again: Opens the file anew, not loaded.
        name: For errors.

    Returns:
        (H, W) or (H, W, C), uint8 or uint16; C is 2 (grey and alpha), 3 or 4 (RGB and alpha).

    Raises:
        InvalidImageError: A kind of picture that cannot be kept intact.
    """
    if image.mode in ("CMYK", "LAB", "HSV", "F", "RGBa", "La"):
        raise InvalidImageError(
            f"{name}: colours are stored as {image.mode}; convert the picture to RGB first"
        )
    tags = getattr(image, "tag_v2", {})
    if image.format == "TIFF" and tags.get(Base.SamplesPerPixel, 1) > len(image.getbands()):
        raise InvalidImageError(
            f"{name}: has channels beside its colours that would be lost; save it without them"
        )
    if not is_deep(image, header):
        if image.mode == "I":
            raise InvalidImageError(f"{name}: 32 bits a channel are not supported")
        _load(image, name)
        _scale_transparency(image, header)
        return np.asarray(_plain(image))
    if "transparency" in image.info:
        raise InvalidImageError(
            f"{name}: 16 bits with a transparent colour are not supported; "
            "save it with an alpha channel"
        )
    opened: list[Image.Image] = [image]
    pixels = read_deep(lambda: opened.pop() if opened else open_again(), name)
    _load(image, name)
    if image.format == "TIFF" and tags.get(Base.PhotometricInterpretation) == 0:
        return 65535 - pixels  # white is zero: Pillow turns 8 bits around, but not 16
    return pixels


def _load(image: Image.Image, name: str) -> None:
    try:
        image.load()
    except OSError as error:
        compression = image.info.get("compression")
        if image.format == "TIFF" and compression in _RARE_COMPRESSIONS:
            raise InvalidImageError(
                f"{name}: its compression ({compression}) is not supported here, or it is damaged; "
                "save it with deflate or LZW"
            ) from error
        raise


def _scale_transparency(image: Image.Image, header: bytes) -> None:
    """Grey of 2 and 4 bits comes as 8 of Pillow, but not the level of it that is transparent."""
    bits, kind = (header[24], header[25]) if image.format == "PNG" else (8, 0)
    level = image.info.get("transparency")
    if kind == 0 and bits in (2, 4) and isinstance(level, int):
        image.info["transparency"] = level * 255 // (2**bits - 1)


def _plain(image: Image.Image) -> Image.Image:
    """Palette and bilevel pictures, and those with a transparent colour, as L, LA, RGB or RGBA."""
    if image.mode == "PA" or "transparency" in image.info:
        grey = image.mode in ("1", "L") or (image.mode in ("P", "PA") and _is_grey(image))
        return image.convert("RGBA").convert("LA") if grey else image.convert("RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    if image.mode == "P" and _is_grey(image):
        return image.convert("L")
    return image.convert("L" if image.mode == "1" else "RGB")


def _is_grey(image: Image.Image) -> bool:
    if (image.info.get("icc_profile") or b"")[16:20] == b"RGB ":
        return False  # a picture in grey has no use for the profile of one in colour
    colours = np.asarray(image.getpalette("RGB") or []).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())
