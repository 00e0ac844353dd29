"""What phones put behind a picture is not kept, and this is told."""

from __future__ import annotations

import struct
import time
import xml.etree.ElementTree as ElementTree
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain.media import decode_picture, encode_picture

GAIN_MAP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:Container="http://ns.google.com/photos/1.0/container/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/" xmlns:dc="urn:dc" xmlns:xmp="urn:xmp"
 xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" xmp:Rating="5">
<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource">
<Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>
<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Length="2345"/>
</rdf:li></rdf:Seq></Container:Directory>
<dc:title>Rain</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"""
MOTION = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" xmlns:dc="urn:dc"
 GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion='1' GCamera:MicroVideoOffset="99">
<GCamera:MotionPhotoPresentationTimestampUs>5</GCamera:MotionPhotoPresentationTimestampUs>
<dc:title>Rain</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"""
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(500)


def jpeg(pixels: NDArray[np.uint8], **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def xmp_of(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        return image.info.get("xmp", b"")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_gain_map_is_told_and_no_longer_promised(
    photo: NDArray[np.uint8], progressive: bool
) -> None:
    data = jpeg(photo, xmp=GAIN_MAP, progressive=progressive) + jpeg(photo[::4, ::4])
    picture = decode_picture(data, "hdr.jpg")
    assert picture.notes == ("hdr.jpg: its HDR gain map is not kept",)
    xmp = xmp_of(encode_picture(picture))
    for word in (b"hdrgm:Version", b"GainMap", b"Container:Item"):
        assert word not in xmp
    for word in (b"<dc:title>Rain</dc:title>", b'xmp:Rating="5"'):
        assert word in xmp
    ElementTree.fromstring(xmp)  # still XML


def test_a_gain_map_of_the_iso_standard_is_told(photo: NDArray[np.uint8]) -> None:
    payload = b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4)
    segment = b"\xff\xe2" + struct.pack(">H", len(payload) + 2) + payload
    picture = decode_picture(jpeg(photo, extra=segment) + jpeg(photo[::4, ::4]), "a.jpg")
    assert picture.notes == ("a.jpg: its HDR gain map is not kept",)


@pytest.mark.parametrize("xmp", [MOTION, b""])
def test_the_video_of_a_motion_photo_is_told(photo: NDArray[np.uint8], xmp: bytes) -> None:
    picture = decode_picture(jpeg(photo, **({"xmp": xmp} if xmp else {})) + VIDEO, "a.jpg")
    assert picture.notes == ("a.jpg: its video (motion photo) is not kept",)
    back = xmp_of(encode_picture(picture))
    assert b"MotionPhoto" not in back and b"MicroVideo" not in back
    assert (b"<dc:title>Rain</dc:title>" in back) == bool(xmp)
    if xmp:
        ElementTree.fromstring(back)


def test_anything_else_behind_a_picture_is_told(photo: NDArray[np.uint8]) -> None:
    picture = decode_picture(jpeg(photo) + b"SEFH maker's notes", "a.jpg")
    assert picture.notes == ("a.jpg: 18 bytes behind the picture are not kept",)
    assert decode_picture(jpeg(photo) + jpeg(photo[::2]), "a.jpg").notes == (
        "a.jpg: a second picture behind it is not kept",
    )


def test_nothing_is_told_of_plain_pictures(photo: NDArray[np.uint8]) -> None:
    """Padding, a thumbnail inside the Exif block and restart markers are nothing behind it."""
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    block = exif.tobytes() + jpeg(photo[::8, ::8])
    for data in (
        jpeg(photo),
        jpeg(photo) + bytes(4096),
        jpeg(photo, exif=block, progressive=True),
        jpeg(photo, restart_marker_rows=1),
    ):
        assert decode_picture(data).notes == ()


def test_a_gain_map_in_mpo_is_called_one(photo: NDArray[np.uint8]) -> None:
    buffer = BytesIO()
    image = Image.fromarray(photo)
    image.save(buffer, "MPO", save_all=True, append_images=[image.resize((40, 30))])
    assert decode_picture(buffer.getvalue(), "a.jpg").notes == (
        "a.jpg: holds 2 pictures; the first is kept",
    )


def test_what_stands_beside_a_heic_is_told() -> None:
    """What pi-heif says of Apple's files."""
    from derain.media.attachments import attachments

    image = Image.new("RGB", (4, 4))
    image.format = "HEIF"
    image.info = {"aux": {"urn:com:apple:photo:2020:aux:hdrgainmap": [49]}, "depth_images": [1]}
    assert attachments(image, b"") == [
        "its HDR gain map is not kept",
        "its depth map is not kept",
    ]


def test_a_gain_map_of_an_avif_is_told(photo: NDArray[np.uint8]) -> None:
    from derain.media.attachments import attachments

    image = Image.new("RGB", (4, 4))
    image.format = "AVIF"
    meta = b"\0\0\0\x1dmeta\0\0\0\x15infe\x02\0\0\0\0\x02\0\0tmap\0"
    data = b"\0\0\0\x0cftypavif" + meta
    assert attachments(image, data) == ["its HDR gain map is not kept"]
    assert attachments(image, data.replace(b"tmap", b"av01")) == []


@pytest.mark.parametrize(
    "xmp",
    [
        b" " * 1_000_000,
        b"<hdrgm:a>" * 22_000,
        b"<hdrgm:a " * 22_000,
        b"".join(b"<hdrgm:a%d>" % number for number in range(15_000)),
        b"much else <hdrgm:a/>" * 100_000,
    ],
    ids=["white space", "never closed", "never ended", "of many names", "empty"],
)
def test_long_xmp_takes_no_time(xmp: bytes) -> None:
    from derain.media.attachments import without_attachments

    before = time.process_time()
    without_attachments(xmp)
    assert time.process_time() - before < 5
