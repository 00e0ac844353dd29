"""Three hundred bodies that nobody means well with: an answer of one line, and no traceback."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from derain.media import Picture, encode_picture
from tests.serve.conftest import encoded
from tests.serve.test_limits import png

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow's, about damaged files

Pixels = NDArray[np.uint8]
KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "AVIF")
KNOWN = {200, 400, 406, 413, 415, 422}


def bodies(pixels: Pixels) -> Iterator[bytes]:
    """Cut, with flipped bytes, with two files in one, all from good ones; noise; bombs."""
    rng = random.Random(0)
    files = [encoded(pixels, kind) for kind in KINDS]
    files.append(encode_picture(Picture(pixels.astype(np.uint16) * 257)))
    for data in files:
        for part in range(12):
            yield data[: len(data) * part // 12]
        for _ in range(20):
            damaged = bytearray(data)
            for _ in range(rng.randint(1, 6)):
                damaged[rng.randrange(min(len(data), 400))] = rng.randrange(256)
            yield bytes(damaged)
        yield data + data
        yield data[:30] + rng.randbytes(len(data))
    for size in (1, 3, 12, 100, 1000, 70_000):
        yield rng.randbytes(size)
        yield bytes(size)
    for width, height in ((0, 0), (0, 5), (65_535, 65_535), (2**31 - 1, 1), (1, 2**31 - 1)):
        yield png(width, height)
    yield from (b"GIF89a" + bytes(50), b"<svg/>", b"%PDF-1.4", b"PK\x03\x04", b"\xff\xd8" * 500)


def test_bodies(
    client: httpx.Client, photos: list[Pixels], caplog: pytest.LogCaptureFixture
) -> None:
    sent = list(bodies(np.ascontiguousarray(photos[1][:24, :31])))
    assert len(sent) >= 250
    answered = set()
    for data in sent:
        answer = client.post("/v1/derain", content=data)
        assert answer.status_code in KNOWN, (answer.status_code, answer.text, data[:60])
        if answer.status_code != 200:
            assert "\n" not in answer.json()["error"]
        answered.add(answer.status_code)
    assert answered == {200, 422}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\nabc'
    b"\r\n--x--\r\n"
)
TYPE = "multipart/form-data; boundary=x"


def forms() -> Iterator[tuple[str, bytes]]:
    """(Content-Type, body) of forms that are none."""
    rng = random.Random(1)
    yield from ((TYPE, FORM[:at]) for at in range(0, len(FORM), 7))
    for _ in range(30):
        damaged = bytearray(FORM)
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        yield TYPE, bytes(damaged)
    for name in ("rot13", "unicode_escape", "utf-16", "zip", "nothing", "\xff"):
        yield f"{TYPE}; charset={name}", FORM.replace(b"a.png", b"\\ud800\\x00.png")
    yield "multipart/form-data", FORM
    yield "multipart/form-data; boundary=", FORM
    yield f"multipart/form-data; boundary={'x' * 500}", FORM
    yield f"{TYPE}; charset=undefined", FORM
    yield TYPE, FORM.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", 1)
    yield TYPE, FORM.replace(b"\r\n\r\n", b"\r\nX: y" * 1000 + b"\r\n\r\n", 1)
    yield TYPE, FORM[:-6] * 1000
    yield TYPE, FORM.replace(b"a.png", b"../../etc/passwd\x00" + b"n" * 5000)


def test_forms(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    sent = list(forms())
    assert len(sent) >= 50
    for kind, data in sent:
        headers = {"content-type": kind.encode("latin-1")}
        answer = client.post("/v1/derain", content=data, headers=headers)
        assert answer.status_code in KNOWN, (answer.status_code, answer.text, kind, data[:60])
        assert "\n" not in answer.json()["error"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_name_goes_back_as_a_name(client: httpx.Client, small: Pixels) -> None:
    """Not as a header or a path, whatever is in it."""
    name = '../a"\\;b\u2028\u00fc\u96e8' + "n" * 999 + ".png"
    answer = client.post("/v1/derain", files={"picture": (name, encoded(small))})
    told = answer.headers["content-disposition"]
    assert told.startswith("attachment; filename*=UTF-8''")
    assert set(told.partition("''")[2]) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%._-~"
    )
    assert len(told) < 2000


@pytest.mark.parametrize(
    "query", ["%ff=%ff", "model=%00", "strength=" + "9" * 5000, "quality=" + "1" * 5000, "format="]
)
def test_queries(query: str, client: httpx.Client) -> None:
    answer = client.post(f"/v1/derain?{query}", content=b"abc")
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]
