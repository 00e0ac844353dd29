"""Raw photographs, in which readers of TIFF find a small preview first."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, TiffImagePlugin

from derain.errors import InvalidImageError

# Where the first bytes of raw files differ from those of every picture: DNG, NEF, ARW and others
# begin as TIFF does, and are told by their directories.
_SIGNATURES = (
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"IIRO"), (0, b"IIRS"), (0, b"MMOR"),  # ORF
    (0, b"IIU\x00"),  # RW2
    (0, b"\x00MRM"),
    (0, b"FOVb"),  # X3F
    (4, b"ftypcrx "),  # CR3
    (8, b"CR\x02\x00"),  # CR2
)  # fmt: skip

_SUB_DIRECTORIES = 330
_DNG_VERSION = 50706
_MOST = 32


def refuse_raw(data: bytes, name: str) -> None:
    """Raise :class:`InvalidImageError` for a file that begins as raw photographs do."""
    if any(data.startswith(mark, at) for at, mark in _SIGNATURES):
        raise InvalidImageError(_message(name))


def refuse_preview(image: Image.Image, data: bytes, name: str) -> None:
    """Raise :class:`InvalidImageError` for a TIFF that hides its picture behind a smaller one.

    Args:
        image: The TIFF's first page, opened.
        data: The file.
        name: For the error.
    """
    tags = image.tag_v2  # type: ignore[attr-defined]
    if _DNG_VERSION in tags:
        raise InvalidImageError(_message(name))
    for width, height in _sizes_below(tags.get(_SUB_DIRECTORIES, ()), data):
        if width * height > image.width * image.height:
            raise InvalidImageError(
                f"{name}: begins with a preview of {image.width}x{image.height} pixels, its "
                f"picture of {width}x{height} lies below; develop it first, or save it alone"
            )


def _message(name: str) -> str:
    return f"{name}: is a raw photograph; develop it first, to JPEG, TIFF or PNG"


def _sizes_below(offsets: int | tuple[int, ...], data: bytes) -> Iterator[tuple[int, int]]:
    """Width and height of the pictures in the directories at these places."""
    for offset in (offsets,) if isinstance(offsets, int) else offsets[:_MOST]:
        big = data[2:3] == b"\x2b" or data[3:4] == b"\x2b"
        directory = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if big else 8])
        file = BytesIO(data)
        file.seek(offset)
        directory.load(file)
        width, height = (
            directory.get(tag, 0)
            for tag in (TiffImagePlugin.IMAGEWIDTH, TiffImagePlugin.IMAGELENGTH)
        )
        if isinstance(width, int) and isinstance(height, int):
            yield width, height
