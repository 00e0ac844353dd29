"""Reading pictures: upright, at their own depth, with everything that must come back."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base

from derain.errors import DerainError, InputNotFoundError, InvalidImageError, first_line
from derain.files import explain_os_error
from derain.media.attachments import attachments
from derain.media.deep import is_deep
from derain.media.formats import FORMATS
from derain.media.metadata import read_metadata, unkept
from derain.media.orientation import upright
from derain.media.picture import Picture, Pixels
from derain.media.pixels import load_pixels
from derain.media.raw import refuse_preview, refuse_raw

MAX_BYTES = 2 << 30
"""Largest file that is read: 178 megapixels of 16 bits with alpha take 1.4 GB uncompressed."""

_HEADER = 65536
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def read_picture(path: Path, max_pixels: int | None = None) -> Picture:
    """Read a picture file.

    Args:
        path: A regular file.
        max_pixels: Larger pictures are refused before they are unpacked.

    Raises:
        InputNotFoundError: There is no such file.
        PermissionDeniedError: It may not be read.
        InvalidImageError: It is damaged, no picture, or cannot be kept intact; says which.
    """
    return decode_picture(read_file(path), str(path), max_pixels)


def read_file(path: Path) -> bytes:
    """The bytes of a picture file, not looked at yet; raises as :func:`read_picture`."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InvalidImageError(f"{path}: is a folder, not a picture")
        if not stat.S_ISREG(status.st_mode):
            raise InvalidImageError(
                f"{path}: is no regular file; give what comes out of it as - (standard input)"
            )
        if status.st_size > MAX_BYTES:
            raise _too_long(str(path))
        return path.read_bytes()
    except FileNotFoundError:
        raise InputNotFoundError(f"{path}: no such file") from None
    except ValueError:  # a zero byte in the name
        raise InputNotFoundError(f"{str(path)!r}: no such file") from None
    except OSError as error:
        raise explain_os_error(error, path) from error


def read_stream(stream: BinaryIO, name: str) -> bytes:
    """What a stream holds to its end; one without an end is an :class:`InvalidImageError`."""
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_long(name)
    return data


def too_large(name: str, width: int, height: int, max_pixels: int) -> InvalidImageError:
    """The error for a picture with more pixels than are allowed."""
    return InvalidImageError(
        f"{name}: has {width * height / 1e6:.1f} megapixels, more than the {max_pixels / 1e6:g} "
        "that are allowed here"
    )


def _too_long(name: str) -> InvalidImageError:
    return InvalidImageError(
        f"{name}: more than {MAX_BYTES >> 30} GiB, which is no picture of ours"
    )


def decode_picture(
    data: bytes, name: str = "the picture", max_pixels: int | None = None
) -> Picture:
    """Read a picture from memory; ``name`` is for errors, the rest as :func:`read_picture`."""
    return PictureFile(data, name).decode(max_pixels)


class Probe(NamedTuple):
    """What a picture's file says of itself, not unpacked.

    Attributes:
        format: Pillow's name of its format.
        width, height: As stored.
        deep: Whether it has 16 bits a channel.
    """

    format: str
    width: int
    height: int
    deep: bool


class PictureFile:
    """A picture's file in memory, of which the header is read and nothing is unpacked.

    Args:
        data: The file.
        name: For errors.

    Attributes:
        name: As given.
        probe: What the file says of itself.

    Raises:
        InvalidImageError: It is damaged or no picture.
    """

    def __init__(self, data: bytes, name: str = "the picture") -> None:
        self.name, self._data = name, data
        with _explained(data, name):
            image = _open(data)
            self.probe = Probe(_kind(image), *image.size, is_deep(image, _header(data)))
        self._opened = [image]

    def decode(self, max_pixels: int | None = None) -> Picture:
        """Unpack it, once; arguments and errors as of :func:`read_picture`."""
        with _explained(self._data, self.name):
            # Given away: what Pillow has unpacked is not to live as long as this.
            return _decode(self._opened.pop(), self._data, self.name, max_pixels)


@contextmanager
def _explained(data: bytes, name: str) -> Iterator[None]:
    """Everything that Pillow raises for files as an :class:`InvalidImageError`."""
    if not data:
        raise InvalidImageError(f"{name}: the file is empty")
    refuse_raw(data, name)
    try:
        yield
    except DerainError:
        raise
    except UnidentifiedImageError:
        raise InvalidImageError(f"{name}: {_unknown(data)}") from None
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
        if "MAX_TEXT" in reason:
            raise InvalidImageError(
                f"{name}: holds a colour profile or text of more than 1 MB, which is refused as "
                "unsafe; save it without"
            ) from error
        raise InvalidImageError(f"{name}: damaged picture ({reason})") from error


def _unknown(data: bytes) -> str:
    if data[4:8] == b"ftyp" and "HEIF" not in Image.OPEN:
        return "not a picture of a known format (HEIC needs: pip install 'derain[heif]')"
    if data.startswith(_TIFF):
        return "this kind of TIFF is not supported here; save it as plain RGB with deflate or LZW"
    return "not a picture of a known format"


def _open(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp":
        _register_heif()
    return Image.open(BytesIO(data), formats=_registered())


def _registered() -> list[str]:
    Image.preinit()
    Image.init()
    return [name for name in (*FORMATS, "MPO") if name in Image.OPEN]


def _register_heif() -> None:
    """HEIC is read through the optional pi-heif."""
    try:
        import pi_heif
    except ImportError:
        return
    pi_heif.register_heif_opener()


def _decode(image: Image.Image, data: bytes, name: str, max_pixels: int | None) -> Picture:
    if image.format == "TIFF":
        refuse_preview(image, data, name)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise InvalidImageError(
            f"{name}: holds {frames} frames or pages; save the one you want as a picture of its own"
        )
    if max_pixels is not None and image.width * image.height > max_pixels:
        raise too_large(name, image.width, image.height, max_pixels)
    notes = tuple(f"{name}: {phrase}" for phrase in attachments(image, data))
    kind = _kind(image)
    header = _header(data)
    stored = load_pixels(image, header, lambda: _open(data), name)
    notes += tuple(f"{name}: {phrase}" for phrase in unkept(image))
    colour, alpha = _split(upright(stored, _orientation(image)))
    lossless = kind not in ("JPEG", "HEIF", "AVIF", "WEBP") or _is_lossless_webp(data)
    return Picture(colour, alpha, kind, lossless, read_metadata(image, data, header), notes)


def _header(data: bytes) -> bytes:
    """The beginning of a file; of a HEIF or AVIF all that comes before its pictures."""
    if data[4:8] != b"ftyp":
        return data[:_HEADER]
    meta = int.from_bytes(data[:4], "big")
    return data[: max(_HEADER, meta + int.from_bytes(data[meta : meta + 4], "big"))]


def _is_lossless_webp(data: bytes) -> bool:
    at = 12
    while data.startswith(b"RIFF") and (name := data[at : at + 4]) not in (b"", b"VP8 "):
        if name == b"VP8L":
            return True
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return False


def _kind(image: Image.Image) -> str:
    kind = image.format or ""
    return "JPEG" if kind == "MPO" else kind


def _orientation(image: Image.Image) -> int:
    # Asked after loading: Pillow turns TIFFs upright by itself and then forgets the tag.
    value = image.getexif().get(Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _split(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    if pixels.ndim == 2:
        return pixels[..., None], None
    if pixels.shape[2] in (2, 4):
        return np.ascontiguousarray(pixels[..., :-1]), np.ascontiguousarray(pixels[..., -1])
    return pixels, None
