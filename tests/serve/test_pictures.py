"""A picture sent is the picture the command line writes, byte for byte."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from derain.cli.main import run
from derain.media import FORMATS, Metadata, Picture, decode_picture, encode_picture
from tests.serve.conftest import encoded

Pixels = NDArray[np.uint8]
FAST = ("--model", "fast", "--backend", "onnxruntime", "--threads", "1")


@pytest.fixture
def by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., bytes]:
    """What the command line makes of a file, and what it notes, under the key ``notes``."""

    def make(data: bytes, suffix: str, *options: str, name: str = "a.derained") -> bytes:
        (tmp_path / f"a{suffix}").write_bytes(data)
        assert run([str(tmp_path / f"a{suffix}"), *FAST, "--json", "--quiet", *options]) == 0
        make.notes = json.loads(capsys.readouterr().out).get("notes", [])  # type: ignore[attr-defined]
        (made,) = tmp_path.glob(f"{name}.*")
        return made.read_bytes()

    return make


def turned(pixels: Pixels) -> bytes:
    """A JPEG that lies on its side, with a profile and a comment."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Somebody"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(pixels, "JPEG", exif=exif.tobytes(), icc_profile=profile, comment=b"wet")


def deep(pixels: Pixels) -> bytes:
    samples = pixels.astype(np.uint16) * 257
    return encode_picture(Picture(samples, metadata=Metadata(text={"Title": "rain"})))


def translucent(pixels: Pixels) -> bytes:
    alpha = np.arange(pixels[..., 0].size, dtype=np.uint8).reshape(pixels.shape[:2])
    return encoded(np.dstack([pixels, alpha]))


KINDS: dict[str, tuple[str, Callable[[Pixels], bytes]]] = {
    "turned jpeg with a profile": (".jpg", turned),
    "16 bits": (".png", deep),
    "transparent": (".png", translucent),
    "grey": (".png", lambda p: encoded(p[..., 0])),
    "webp": (".webp", lambda p: encoded(p, "WEBP", quality=80)),
    "tiff": (".tif", lambda p: encoded(p, "TIFF", compression="tiff_lzw", dpi=(300, 300))),
    "bmp": (".bmp", lambda p: encoded(p, "BMP")),
    "ppm": (".ppm", lambda p: encoded(p, "PPM")),
    "avif": (".avif", lambda p: encoded(p, "AVIF")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_commands(
    kind: str, client: httpx.Client, small: Pixels, by_command: Callable[..., bytes]
) -> None:
    suffix, make = KINDS[kind]
    data = make(small)
    answer = client.post("/v1/derain", content=data)
    assert answer.status_code == 200, answer.text
    assert answer.content == by_command(data, suffix)
    before, after = decode_picture(data), decode_picture(answer.content)
    assert answer.headers["content-type"] == FORMATS[before.format].media_type
    assert after.size == before.size
    assert after.deep == before.deep
    assert not np.array_equal(after.colour, before.colour)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("format=webp&quality=40", ("--format", "webp", "--quality", "40")),
        ("format=png&strength=0.25", ("--format", "png", "--strength", "0.25")),
        ("format=ppm", ("--format", "ppm")),
        ("strength=0", ("--strength", "0")),
    ],
)
def test_options_are_the_commands(
    query: str,
    options: tuple[str, ...],
    client: httpx.Client,
    small: Pixels,
    by_command: Callable[..., bytes],
) -> None:
    """And so is what is said of what could not be kept."""
    data = turned(small)
    answer = client.post(f"/v1/derain?{query}", content=data)
    assert answer.content == by_command(data, ".jpg", *options)
    noted = [note.rpartition(": ")[2] for note in by_command.notes]  # type: ignore[attr-defined]
    told = unquote(answer.headers["derain-notes"])
    assert told == "; ".join(noted)
    assert bool(told) == (query != "strength=0")


def test_what_was_taken_away(
    client: httpx.Client, small: Pixels, by_command: Callable[..., bytes]
) -> None:
    data = turned(small)
    answer = client.post("/v1/derain", params={"save": "rain"}, content=data)
    assert answer.content == by_command(data, ".jpg", "--save-rain", name="a.derained.rain")
    assert answer.headers["content-disposition"].endswith("picture.rain.png")


def test_another_model(client: httpx.Client, small: Pixels) -> None:
    data = encoded(small)
    fast, base = (client.post(f"/v1/derain?model={m}", content=data) for m in ("fast", "base"))
    assert (fast.headers["derain-model"], base.headers["derain-model"]) == ("fast", "base")
    assert fast.content != base.content
    assert float(base.headers["derain-seconds"]) > 0


def test_a_form(client: httpx.Client, small: Pixels) -> None:
    data = encoded(small)
    plain = client.post("/v1/derain", content=data)
    form = client.post("/v1/derain", files={"picture": ("C:\\tmp\\nasser Tag.png", data)})
    assert form.content == plain.content
    assert form.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''nasser%20Tag.derained.png"
    )


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/webp", "WEBP"),
        ("image/jpeg, image/png;q=0.5", "JPEG"),
        ("image/jpeg;q=0.5, image/*", "PNG"),  # its own
        ("image/jpeg;q=0.5, image/*;q=0.2", "JPEG"),
        ("text/html, */*;q=0.1", "PNG"),
        ("IMAGE/TIFF", "TIFF"),
        ("*/*", "PNG"),
    ],
)
def test_accept_decides(accept: str, kind: str, client: httpx.Client, small: Pixels) -> None:
    headers = {"accept": accept}
    answer = client.post("/v1/derain", content=encoded(small), headers=headers)
    assert Image.open(io.BytesIO(answer.content)).format == kind


def test_the_option_goes_before_accept(client: httpx.Client, small: Pixels) -> None:
    answer = client.post(
        "/v1/derain?format=jpg", content=encoded(small), headers={"accept": "image/webp"}
    )
    assert answer.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("accept", ["text/html", "image/png;q=0", "image/heic", "image/*;q=x"])
def test_nothing_that_is_accepted(accept: str, client: httpx.Client, small: Pixels) -> None:
    answer = client.post("/v1/derain", content=encoded(small), headers={"accept": accept})
    assert answer.status_code == 406
    assert "known: image/png" in answer.json()["error"]


def test_heic_is_only_read(client: httpx.Client) -> None:
    data = (Path(__file__).parents[1] / "media" / "p3.heic").read_bytes()
    answer = client.post("/v1/derain", content=data)
    assert answer.status_code == 406
    assert "format=jpg" in answer.json()["error"]
    assert client.post("/v1/derain?format=jpg", content=data).status_code == 200


def test_what_a_format_cannot_hold_is_refused(client: httpx.Client, small: Pixels) -> None:
    answers = [
        client.post("/v1/derain?format=jpg", content=data)
        for data in (deep(small), translucent(small))
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert "16 bits" in answers[0].json()["error"]
    assert "transparency" in answers[1].json()["error"]


def test_the_catalogue(client: httpx.Client) -> None:
    told = client.get("/v1/models").json()
    assert told["default"] == "fast"
    assert {model["name"] for model in told["models"]} == {"base", "fast"}
    assert all(len(m["sha256"]) == 64 and m["macs_per_pixel"] > 1e4 for m in told["models"])
    assert told["limits"]["bytes"] > 1e6
    assert set(told["formats"]) == {"jpg", "png", "webp", "tif", "bmp", "ppm", "avif"}


def test_one_probe_and_one_decoder() -> None:
    """What is said of a file before it is unpacked holds afterwards."""
    from derain.media import PictureFile

    picture = Picture(np.full((7, 9, 3), 1000, np.uint16))
    for kind in ("PNG", "TIFF"):
        data = encode_picture(replace(picture, format=kind))
        assert PictureFile(data).probe == (kind, 9, 7, True)
    assert PictureFile(encoded(np.zeros((7, 9, 3), np.uint8), "JPEG")).probe == (
        "JPEG",
        9,
        7,
        False,
    )
