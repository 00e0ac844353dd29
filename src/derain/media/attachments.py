"""What a file carries beside its picture: HDR gain maps, videos of motion photos, depth maps.

None of it is kept, so it is told, and XMP that still promised it is cleaned.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from PIL import Image

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START, _END, _WITHOUT_LENGTH = 0xD8, 0xD9, (0x01, 0xD8)
_GAIN_MAPS = (b"hdrgm:Version", b"hdrgainmap", b"hdr-gain-map", b"urn:iso:std:iso:ts:21496")
_VIDEO = re.compile(rb"\x00\x00\x00.ftyp", re.DOTALL)

_GONE = rb"(?:hdrgm:\w+|GCamera:(?:MotionPhoto|MicroVideo)\w*|G?Container:Directory)"
# Only where white space begins: else a long run of it would be tried from each of its places.
_ATTRIBUTES = re.compile(rb"(?<!\s)\s+" + _GONE + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_OPENING = re.compile(rb"<(?P<name>" + _GONE + rb")(?:\s[^<>]*)?/?>")
_CLOSING = re.compile(rb"</(?P<name>" + _GONE + rb")\s*>")


def attachments(image: Image.Image, data: bytes) -> list[str]:
    """What of a file is not kept, a phrase for each: ``its HDR gain map is not kept``.

    Args:
        image: Opened, not loaded.
        data: The file.
    """
    if image.format in ("JPEG", "MPO"):
        return _of_jpeg(image, data)
    if image.format in ("HEIF", "AVIF"):
        return _of_boxes(image, data)
    return []


def without_attachments(xmp: bytes) -> bytes:
    """The XMP packet without what it says of gain maps and motion photos."""
    return _ATTRIBUTES.sub(b"", _without_elements(xmp))


def _without_elements(xmp: bytes) -> bytes:
    # One pattern for both tags would look through the rest once for each that is never closed.
    ends: defaultdict[bytes, list[int]] = defaultdict(list)
    for tag in _CLOSING.finditer(xmp):
        ends[tag["name"]].append(tag.end())
    kept: list[bytes] = []
    at = 0
    for tag in _OPENING.finditer(xmp):
        closed = ends[tag["name"]]
        if tag[0].endswith(b"/>"):
            end = tag.end()
        elif (index := bisect_right(closed, tag.end())) < len(closed):
            end = closed[index]
        else:
            continue
        if tag.start() >= at:
            kept.append(xmp[at : tag.start()])
            at = end
    return b"".join((*kept, xmp[at:]))


def _of_jpeg(image: Image.Image, data: bytes) -> list[str]:
    behind = data[_end_of_jpeg(data) :]
    frames = getattr(image, "n_frames", 1)
    if not (size := len(behind.strip(b"\x00"))):
        return []
    found = []
    if any(word in data for word in _GAIN_MAPS):
        found.append("its HDR gain map is not kept")
    if _VIDEO.search(behind):
        found.append("its video (motion photo) is not kept")
    if not found and frames > 1:
        found.append(f"holds {frames} pictures; the first is kept")
    if not found and behind.startswith(bytes([0xFF, _START])):
        found.append("a second picture behind it is not kept")
    return found or [f"{size} bytes behind the picture are not kept"]


def _end_of_jpeg(data: bytes) -> int:
    """Where the first picture ends: just behind its end marker (ISO/IEC 10918-1, B.1.1)."""
    at = 0
    while marker := _MARKER.search(data, at):
        code, at = marker[0][1], marker.end()
        if code == _END:
            return at
        if code not in _WITHOUT_LENGTH:
            # In the data of a scan, which follows its segment, 0xff never begins a marker.
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
    return len(data)


def _of_boxes(image: Image.Image, data: bytes) -> list[str]:
    found = []
    boxes = dict(_boxes(data))
    auxiliary = [str(name) for name in image.info.get("aux") or ()]
    gain_maps = [name for name in auxiliary if "hdrgainmap" in name]
    if gain_maps or b"tmap" in boxes.get(b"meta", b""):
        found.append("its HDR gain map is not kept")
    if image.info.get("depth_images"):
        found.append("its depth map is not kept")
    if others := [name.rpartition(":")[2] for name in auxiliary if name not in gain_maps]:
        found.append(f"its auxiliary images ({', '.join(others)}) are not kept")
    if b"mpvd" in boxes:
        found.append("its video (motion photo) is not kept")
    return found


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, content) of the outermost boxes of a file (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= len(data):
        size, start = int.from_bytes(data[at : at + 4], "big"), at + 8
        name = data[at + 4 : at + 8]
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        stop = at + size if size else len(data)
        if stop < start:
            return
        yield name, data[start:stop]
        at = stop
