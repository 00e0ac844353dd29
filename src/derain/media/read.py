"""Reading pictures: upright, at their own depth, with everything that must come back."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from derain.errors import DerainError, InputNotFoundError, InvalidImageError, first_line
from derain.files import explain_os_error
from derain.media.deep import is_deep, read_deep
from derain.media.formats import FORMATS
from derain.media.orientation import reset_exif, reset_xmp, upright
from derain.media.picture import Metadata, Picture, Pixels

_HEADER = 65536
_TAGS = (270, 271, 272, 305, 306, 315, 33432, 33723)
_XMP = 700
_PROFILES = {"XML:com.adobe.xmp", "Raw profile type exif", "Raw profile type APP1"}


def read_picture(path: Path) -> Picture:
    """Read a picture file.

    Raises:
        InputNotFoundError: There is no such file.
        PermissionDeniedError: It may not be read.
        InvalidImageError: It is damaged, no picture, or cannot be kept intact; says which.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputNotFoundError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InvalidImageError(f"{path}: is a folder, not a picture") from None
    except OSError as error:
        raise explain_os_error(error, path) from error
    return decode_picture(data, str(path))


def decode_picture(data: bytes, name: str = "the picture") -> Picture:
    """Read a picture from memory; ``name`` is for errors."""
    if not data:
        raise InvalidImageError(f"{name}: the file is empty")
    try:
        return _decode(data, name)
    except DerainError:
        raise
    except UnidentifiedImageError:
        hint = ""
        if data[4:8] == b"ftyp" and "HEIF" in _allowed():
            hint = " (HEIC needs: pip install 'derain[heif]')"
        raise InvalidImageError(f"{name}: not a picture of a known format{hint}") from None
    except Image.DecompressionBombError:
        raise InvalidImageError(
            f"{name}: unpacks to more than {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} "
            "megapixels, which is refused as unsafe; cut or shrink it first"
        ) from None
    except MemoryError:
        raise InvalidImageError(f"{name}: too large for this machine's memory") from None
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError,
            EOFError, AttributeError, RuntimeError, struct.error) as error:  # fmt: skip
        # Pillow's decoders raise all of these on damaged files.
        reason = first_line(error)
        raise InvalidImageError(f"{name}: damaged picture ({reason})") from error


def _allowed() -> list[str]:
    return [*FORMATS, "MPO"]


def _open(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp":
        _register_heif()
    return Image.open(BytesIO(data), formats=_registered())


def _registered() -> list[str]:
    Image.preinit()
    Image.init()
    return [name for name in _allowed() if name in Image.OPEN]


def _register_heif() -> None:
    """HEIC is read through the optional pillow-heif."""
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _decode(data: bytes, name: str) -> Picture:
    image = _open(data)
    notes: list[str] = []
    kind = image.format or ""
    frames = getattr(image, "n_frames", 1)
    if kind == "MPO":
        kind = "JPEG"
        if frames > 1:
            notes.append(f"{name}: holds {frames} pictures; the first is kept")
    elif frames > 1:
        raise InvalidImageError(
            f"{name}: holds {frames} frames or pages; save the one you want as a picture of its own"
        )
    if image.mode in ("CMYK", "LAB", "HSV", "F", "RGBa", "La"):
        raise InvalidImageError(
            f"{name}: colours are stored as {image.mode}; convert the picture to RGB first"
        )
    if kind == "TIFF" and image.tag_v2.get(277, 1) > len(image.getbands()):  # type: ignore[attr-defined]
        raise InvalidImageError(
            f"{name}: has channels beside its colours that would be lost; save it without them"
        )
    if is_deep(image, data[:_HEADER]):
        if "transparency" in image.info:
            raise InvalidImageError(
                f"{name}: 16 bits with a transparent colour are not supported; "
                "save it with an alpha channel"
            )
        opened: list[Image.Image] = [image]
        pixels = read_deep(lambda: opened.pop() if opened else _open(data), name)
        image.load()
        if kind == "TIFF" and image.tag_v2.get(262) == 0:  # type: ignore[attr-defined]
            pixels = 65535 - pixels  # white is zero: Pillow turns 8 bits around, but not 16
    else:
        if image.mode == "I":
            raise InvalidImageError(f"{name}: 32 bits a channel are not supported")
        image.load()
        pixels = np.asarray(_plain(image))
    colour, alpha = _split(upright(pixels, _orientation(image)))
    lossless = kind not in ("JPEG", "HEIF", "AVIF") and not (
        kind == "WEBP" and b"VP8L" not in data[:_HEADER]
    )
    return Picture(colour, alpha, kind, lossless, _metadata(image), tuple(notes))


def _orientation(image: Image.Image) -> int:
    # Asked after loading: Pillow turns TIFFs upright by itself and then forgets the tag.
    return int(image.getexif().get(0x0112, 1))


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
    colours = np.asarray(image.getpalette("RGB") or []).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _split(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    if pixels.ndim == 2:
        return pixels[..., None], None
    if pixels.shape[2] in (2, 4):
        return np.ascontiguousarray(pixels[..., :-1]), np.ascontiguousarray(pixels[..., -1])
    return pixels, None


def _metadata(image: Image.Image) -> Metadata:
    info: dict[Any, Any] = image.info
    tags = getattr(image, "tag_v2", {})
    exif, xmp = info.get("exif"), info.get("xmp") or tags.get(_XMP)
    if not exif and image.format == "TIFF":
        exif = _tiff_exif(image)
    if isinstance(xmp, str):
        xmp = xmp.encode()
    text = {key: value for key, value in getattr(image, "text", {}).items() if key not in _PROFILES}
    comment = info.get("comment")
    return Metadata(
        icc=info.get("icc_profile") or None,
        exif=reset_exif(exif) if isinstance(exif, bytes) and exif else None,
        xmp=reset_xmp(xmp) if xmp else None,
        dpi=_dpi(info.get("dpi")),
        comment=comment if isinstance(comment, bytes) else None,
        iptc=tuple(data for mark, data in getattr(image, "applist", ()) if mark == "APP13"),
        text=text,
        colour=_colour_chunks(info) if image.format == "PNG" else (),
        tags={tag: tags[tag] for tag in _TAGS if tag in tags},
        compression=info.get("compression") if image.format == "TIFF" else None,
    )


def _tiff_exif(image: Image.Image) -> bytes | None:
    """The Exif and GPS directories of a TIFF as an Exif block."""
    source, block = image.getexif(), Image.Exif()
    for directory in (0x8769, 0x8825):
        if entries := source.get_ifd(directory):
            block[directory] = dict(entries)
    return block.tobytes() if len(block) else None


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        x, y = float(value[0]), float(value[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def _colour_chunks(info: dict[Any, Any]) -> tuple[tuple[bytes, bytes], ...]:
    chunks = []
    if "gamma" in info:
        chunks.append((b"gAMA", struct.pack(">I", round(info["gamma"] * 100000))))
    if "chromaticity" in info:
        values = [round(v * 100000) for v in info["chromaticity"]]
        chunks.append((b"cHRM", struct.pack(">8I", *values)))
    if "srgb" in info:
        chunks.append((b"sRGB", struct.pack(">B", info["srgb"])))
    return tuple(chunks)
