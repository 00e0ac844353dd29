"""What comes back with a picture unread, taken from the file it was opened from."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base

from derain.media.attachments import without_attachments
from derain.media.cicp import code_points, from_png
from derain.media.orientation import reset_exif, reset_xmp
from derain.media.picture import Metadata

XMP = 700
IPTC = 33723
LIGHT = (b"cICP", b"mDCV", b"cLLI")
"""Chunks of a PNG on colour that Pillow passes over."""

DESCRIPTIVE = (
    Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime, Base.Artist,
    Base.Copyright,
)  # fmt: skip
"""Tags that TIFF and Exif share, for people."""

_NAMES = (Base.DocumentName, Base.PageName)
_GEOREFERENCE = (33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113)
"""Of GeoTIFF and GDAL: where on the earth pixels are."""
_PRIVATE = 18000  # tags below are TIFF's own, most of them on how pixels are stored
_COLORIMETRY = (Base.TransferFunction, Base.WhitePoint, Base.PrimaryChromaticities)
_PROFILES = {"XML:com.adobe.xmp", "Raw profile type exif", "Raw profile type APP1"}
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\x00"


def read_metadata(image: Image.Image, data: bytes, header: bytes) -> Metadata:
    """The metadata of a picture.

    Args:
        image: Opened and loaded: some of it stands behind the pixels.
        data: The file.
        header: Its beginning.
    """
    info: dict[Any, Any] = image.info
    kind = image.format or ""
    tags = getattr(image, "tag_v2", {})
    exif, xmp = _stored_exif(image), info.get("xmp") or tags.get(XMP)
    if not exif and kind == "TIFF":
        exif = _tiff_exif(image)
    if isinstance(xmp, str):
        xmp = xmp.encode()
    text = {key: value for key, value in getattr(image, "text", {}).items() if key not in _PROFILES}
    comment, icc = info.get("comment"), info.get("icc_profile") or None
    light = dict(_chunks_before_pixels(data)) if kind == "PNG" else {}
    points = from_png(light[b"cICP"]) if b"cICP" in light else code_points(kind, header, info)
    return Metadata(
        icc=icc,
        cicp=None if icc and kind != "PNG" else points,
        exif=reset_exif(exif) if exif and readable(exif) else None,
        xmp=without_attachments(reset_xmp(xmp)) if xmp else None,
        dpi=_dpi(info.get("dpi")) if kind != "TIFF" or Base.XResolution in tags else None,
        comment=comment if isinstance(comment, bytes) else None,
        segments=tuple(
            (mark, data)
            for mark, data in getattr(image, "applist", ())
            if mark == "APP13" or (mark == "APP1" and data.startswith(_EXTENDED_XMP))
        ),
        text=text,
        colour=(*_colour_chunks(info), *light.items()) if kind == "PNG" else (),
        tags=_tags(tags),
        compression=info.get("compression") if kind == "TIFF" else None,
    )


def _stored_exif(image: Image.Image) -> bytes | None:
    """The Exif block of a picture; of a TIFF its directories are one."""
    exif = image.info.get("exif")
    if not exif and image.format == "PNG":
        exif = _profile_exif(getattr(image, "text", {}))
    return exif if isinstance(exif, bytes) else None


def readable(exif: bytes) -> bool:
    """Whether an Exif block begins as one: of others no format's writer makes anything."""
    return exif.removeprefix(b"Exif\0\0").startswith((b"II*\0", b"MM\0*"))


def unkept(image: Image.Image) -> Iterator[str]:
    """What of a loaded picture's metadata :func:`read_metadata` leaves out, a phrase for each."""
    if (exif := _stored_exif(image)) and not readable(exif):
        yield "its Exif is damaged and not kept"
    kept = {*DESCRIPTIVE, *_GEOREFERENCE, IPTC, IFD.Exif, IFD.GPSInfo, Base.InterColorProfile}
    tags = set(getattr(image, "tag_v2", {})) - kept
    if others := sorted(tag for tag in tags if tag >= _PRIVATE):
        yield f"its tags {', '.join(map(str, others))} are not kept"


def entries_of(exif: Image.Exif) -> Iterator[tuple[int, Any]]:
    """What goes into another format: descriptive tags, and the directories, one in the other."""
    for tag in DESCRIPTIVE:
        if tag in exif:
            yield tag, as_stored(exif[tag])
    for directory in (IFD.Exif, IFD.GPSInfo):
        entries = {tag: as_stored(value) for tag, value in exif.get_ifd(directory).items()}
        if IFD.Interop in entries:  # else it would point to where it was
            entries[IFD.Interop] = dict(exif.get_ifd(IFD.Interop))
        if entries:
            yield directory, entries


def as_stored(value: Any) -> Any:
    """A text as the bytes it was: Pillow reads them as Latin-1, and would write them as ASCII."""
    plain = not isinstance(value, str) or value.isascii()
    return value if plain else value.encode("latin-1", "replace")


def _tags(tags: Any) -> dict[int, Any]:
    texts, numbers = (*DESCRIPTIVE, *_NAMES), (*_GEOREFERENCE, *_COLORIMETRY)
    kept: dict[int, Any] = {tag: as_stored(tags[tag]) for tag in texts if tag in tags}
    kept |= {tag: tags[tag] for tag in numbers if tag in tags}
    if IPTC in tags:
        kept[IPTC] = tags._tagdata[IPTC]  # as it is: of type LONG, Pillow would keep 4 bytes
    return kept


def _profile_exif(text: Mapping[str, str]) -> bytes | None:
    """Exif in a text, as ImageMagick wrote it before PNG had a chunk for it: hex from line 4 on."""
    for key in ("Raw profile type exif", "Raw profile type APP1"):
        try:
            data = bytes.fromhex("".join(text.get(key, "").split("\n")[3:]))
        except ValueError:
            continue
        if data.startswith(b"Exif\0\0"):
            return data
    return None


def _tiff_exif(image: Image.Image) -> bytes | None:
    """The Exif and GPS directories and the descriptive tags of a TIFF as an Exif block."""
    block = Image.Exif()
    for tag, value in entries_of(image.getexif()):
        block[tag] = value
    return block.tobytes() if len(block) else None


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        x, y = float(value[0]), float(value[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def _colour_chunks(info: dict[Any, Any]) -> Iterator[tuple[bytes, bytes]]:
    if "gamma" in info:
        yield b"gAMA", struct.pack(">I", round(info["gamma"] * 100000))
    if "chromaticity" in info:
        yield b"cHRM", struct.pack(">8I", *(round(v * 100000) for v in info["chromaticity"]))
    if "srgb" in info:
        yield b"sRGB", struct.pack(">B", info["srgb"])


def _chunks_before_pixels(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Chunks on colour that Pillow passes over."""
    at = 8
    while (name := png[at + 4 : at + 8]) and name != b"IDAT":
        size = int.from_bytes(png[at : at + 4], "big")
        if name in LIGHT:
            yield name, png[at + 8 : at + 8 + size]
        at += 12 + size
