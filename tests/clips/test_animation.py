"""Animated pictures against what Pillow reads of them."""

from __future__ import annotations

import errno
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

pytest.importorskip("av")

import derain
from derain import VideoDerainer
from derain.cli.main import run
from derain.clips.animation import animation_frames, open_animation
from derain.clips.animation_work import derain_animation
from derain.errors import (
    InputNotFoundError,
    InvalidImageError,
    OutputConflictError,
    PermissionDeniedError,
    UsageError,
)
from tests.cli.conftest import one_derainer  # noqa: F401
from tests.clips.made import EachFrame, picture

FAST = ("--model", "fast", "--backend", "onnxruntime")
DURATIONS = [40, 100, 60, 200, 40]


def animation(path: Path, alpha: bool = False, **options: object) -> Path:
    made = [Image.fromarray(picture(3 * i, (48, 40))) for i in range(len(DURATIONS))]
    if alpha:
        for index, frame in enumerate(made):
            mask = np.full((40, 48), 255, np.uint8)
            mask[:10, : 10 + index] = 0
            frame.putalpha(Image.fromarray(mask))
    made[0].save(path, save_all=True, append_images=made[1:], duration=DURATIONS, **options)
    return path


def played(path: Path) -> tuple[list[float], int | None, list[np.ndarray]]:
    with Image.open(path) as image:
        frames = list(ImageSequence.Iterator(image))
        durations, pixels = [], []
        for index in range(len(frames)):
            image.seek(index)
            image.load()  # WebP says how long only then
            durations.append(float(image.info.get("duration", 0)))
            pixels.append(np.asarray(image.convert("RGBA")))
        return durations, image.info.get("loop"), pixels


@pytest.mark.parametrize(
    ("name", "loop", "result", "looped"),
    [
        ("a.gif", None, "b.webp", 1),
        ("a.gif", None, "b.png", 1),
        ("a.gif", 2, "b.webp", 3),
        ("a.gif", 0, "b.png", 0),
        ("a.webp", 1, "b.gif", None),
        ("a.png", 4, "b.gif", 3),
        ("a.webp", 0, "b.gif", 0),
        ("a.png", 4, "b.webp", 4),
    ],
)
def test_it_plays_as_often(
    name: str, loop: int | None, result: str, looped: int | None, tmp_path: Path
) -> None:
    """GIF counts how often it plays again, and without a count plays once; the others count all."""
    source = animation(tmp_path / name, **({} if loop is None else {"loop": loop}))
    outputs = {"clean": tmp_path / result}
    derain_animation(source, outputs, EachFrame(np.copy), lambda done, total: None)
    with Image.open(outputs["clean"]) as image:
        assert image.info.get("loop") == looped


def test_more_than_eight_bits_are_refused(tmp_path: Path) -> None:
    """Pillow would read such an animated PNG at 8."""

    def chunk(name: bytes, data: bytes) -> bytes:
        length, check = len(data), zlib.crc32(name + data)
        return struct.pack(">I", length) + name + data + struct.pack(">I", check)

    def control(number: int) -> bytes:
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 6, 5, 0, 0, 1, 10, 0, 0))

    rows = zlib.compress(5 * (b"\0" + 6 * struct.pack(">HHH", 12345, 2, 3)))
    path = tmp_path / "deep.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 5, 16, 2, 0, 0, 0))
        + chunk(b"acTL", struct.pack(">II", 2, 0))
        + control(0) + chunk(b"IDAT", rows)
        + control(1) + chunk(b"fdAT", struct.pack(">I", 2) + rows)
        + chunk(b"IEND", b"")
    )  # fmt: skip
    with pytest.raises(InvalidImageError, match=r"deep\.png: has more than 8 bits a sample"):
        open_animation(path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.gif", {"loop": 0}),
        ("a.gif", {"loop": 3}),
        ("a.gif", {}),
        ("a.gif", {"alpha": True, "disposal": 2}),
        ("a.png", {"loop": 2}),
        ("a.png", {"alpha": True}),
        ("a.webp", {"loop": 4, "lossless": True}),
        ("a.webp", {"alpha": True, "lossless": True}),
        ("a.webp", {"quality": 90}),
    ],
)
def test_it_plays_as_before(name: str, options, tmp_path: Path, fast) -> None:
    source = animation(tmp_path / name, **options)
    assert run([str(source), *FAST]) == 0
    durations, loop, before = played(source)
    again, looped, after = played(source.with_name(f"a.derained{source.suffix}"))
    assert durations == again
    assert durations == DURATIONS
    assert loop == looped
    dry = VideoDerainer(fast)(np.ascontiguousarray(old[..., :3]) for old in before)
    for old, new, expected in zip(before, after, dry, strict=True):
        if options.get("alpha"):
            assert np.array_equal(old[..., 3], new[..., 3])
        seen = old[..., 3] > 0
        limit = 0.1 if options.get("lossless") or name == "a.png" else 12
        assert np.abs(expected.astype(int) - new[..., :3])[seen].mean() < limit


def test_beside_it_and_a_still(tmp_path: Path) -> None:
    source = animation(tmp_path / "a.png")
    assert run([str(source), *FAST, "--compare", "--save-rain"]) == 0
    assert played(tmp_path / "a.derained.compare.png")[2][0].shape == (40, 100, 4)
    # Frames that equal the one before are joined.
    assert sum(played(tmp_path / "a.derained.rain.png")[0]) == sum(DURATIONS)
    still = tmp_path / "b.gif"
    Image.fromarray(picture(0, (48, 40))).save(still)
    assert run([str(still), *FAST]) == 0
    assert len(played(tmp_path / "b.derained.gif")[0]) == 1


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--format", "jpg"], 4, "no ending for this clip's result"),
        (["-o", "out.jpg"], 4, "no ending for this clip's result"),
        (["-o", "out.tif"], 4, "no ending for this clip's result"),
        (["-o", "-"], 2, "a clip needs a file to go to"),
    ],
)
def test_where_it_cannot_go_is_told_before_the_work(
    name: str, options: list[str], code: int, word: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    animation(tmp_path / name)
    monkeypatch.setattr("derain.clips.derainers.for_clips", lambda _: pytest.fail("at work"))
    for more in ((), ("--dry-run",)):
        assert run([name, *FAST, *options, *more]) == code
        told = capsys.readouterr()
        assert word in told.err
        assert len(told.err.splitlines()) == 1 and not told.out
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_only_what_is_beside_it_is_missing(tmp_path: Path, monkeypatch, capsys) -> None:
    source = animation(tmp_path / "a.gif")
    monkeypatch.setattr("derain.clips.derainers.for_clips", lambda _: EachFrame(np.copy))
    assert run([str(source), *FAST]) == 0
    capsys.readouterr()
    assert run([str(source), *FAST, "--compare", "--skip-existing"]) == 0
    assert "a.derained.compare.gif: GIF holds 256 colours a frame" in capsys.readouterr().err
    assert (tmp_path / "a.derained.compare.gif").exists()


def test_damaged_and_unfit(tmp_path: Path, capsys) -> None:
    source = animation(tmp_path / "a.gif")
    assert run([str(source), *FAST, "--start", "1"]) == 2
    assert "video files only" in capsys.readouterr().err
    source.write_bytes(b"GIF89a" + b"no more")
    assert run([str(source), *FAST]) == 4
    assert not (tmp_path / "a.derained.gif").exists()


def test_what_the_system_says_is_no_damage(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.gif").mkdir()
    for read in (open_animation, lambda path: next(animation_frames(path))):
        with pytest.raises(OutputConflictError, match=r"a\.gif: is a folder"):
            read(tmp_path / "a.gif")
        with pytest.raises(InputNotFoundError, match=r"b\.gif: no such file"):
            read(tmp_path / "b.gif")
    source = animation(tmp_path / "c.gif")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source))

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(PermissionDeniedError, match=r"c\.gif: permission denied"):
        open_animation(source)


@pytest.mark.parametrize(("name", "result"), [("a.gif", "b.webp"), ("a.png", "b.webp")])
def test_a_sprite_keeps_its_ground_in_webp(name: str, result: str, tmp_path: Path) -> None:
    """libwebp calls a file opaque whose frames are cut to what is not transparent."""
    frames = []
    for index in range(4):
        frame = np.zeros((40, 48, 4), np.uint8)
        frame[10:20, 8 * index : 8 * index + 10] = (200, 30, 40, 255)
        frames.append(Image.fromarray(frame))
    source = tmp_path / name
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=50, disposal=2)
    outputs = {"clean": tmp_path / result}
    derain_animation(source, outputs, EachFrame(np.copy), lambda done, total: None)
    for old, new in zip(played(source)[2], played(outputs["clean"])[2], strict=True):
        assert np.array_equal(old[..., 3], new[..., 3])


@pytest.mark.parametrize(("quality", "lossless"), [((), True), (("--quality", "60"), False)])
def test_webp_has_loss_where_it_is_asked_for(
    quality: tuple[str, ...], lossless: bool, tmp_path: Path
) -> None:
    source = animation(tmp_path / "a.png")
    assert run([str(source), *FAST, "-o", str(tmp_path / "b.webp"), *quality]) == 0
    assert (b"VP8L" in (tmp_path / "b.webp").read_bytes()) == lossless


@pytest.mark.parametrize("result", ["b.webp", "b.gif", "b.png"])
def test_a_picture_that_is_none_of_the_frames(result: str, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    animation(source, default_image=True)  # the first one has no duration of its own
    outputs = {"clean": tmp_path / result}
    done = derain_animation(source, outputs, EachFrame(np.copy), lambda done, total: None)
    again, _, frames = played(outputs["clean"])
    _, _, before = played(source)
    first = 0 if result == "b.png" else 1
    assert len(frames) == len(before) - first
    assert any("no place for the picture" in note for note in done.notes) == bool(first)
    assert again[1 - first :] == played(source)[0][1:]


def test_frames_of_a_deep_png_are_no_clip(tmp_path: Path, fast) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((40, 48), 40000, np.uint16)).save(path)
    with pytest.raises(InvalidImageError, match="more than 8 bits"):
        next(derain.video(path, fast))
    source = animation(tmp_path / "a.gif")
    with pytest.raises(UsageError, match="video files only"):
        next(derain.video(source, fast, start=1))
