"""Rain taken from clips that were made here, so that what fell is known."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from derain.errors import BackendUnavailableError, DatasetError
from derain.rain import filmed
from derain.rain.filmed import WINDOW, filmed_layers

Picture = NDArray[np.float32]
HEIGHT, WIDTH, FRAMES = 120, 150, 32
LEAVES = slice(0, 36)  # rows
MIDDLES = (WINDOW, 16, FRAMES - WINDOW - 1)
"""Of three layers, spread over the clip."""


def texture(sigma: float = 2.0, side: int = 512) -> Picture:
    """Grey noise of one grain, (side, side, 3)."""
    noise = gaussian_filter(np.random.default_rng(5).random((side, side)), sigma)
    levels = 30 + 140 * (noise - noise.min()) / np.ptp(noise)
    return np.repeat(levels[..., None], 3, axis=2).astype(np.float32)


FOLIAGE = texture(1.3)


def seen(scene: Picture, x: float, y: float, zoom: float = 1.0) -> Picture:
    """What a camera of WIDTH x HEIGHT shows of a scene whose corner is at (x, y)."""
    move = np.array([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]], np.float32)
    return cv2.warpAffine(scene, move, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)


def rests(scene: Picture, index: int) -> Picture:
    return seen(scene, 100, 100)


def pans(scene: Picture, index: int) -> Picture:
    return seen(scene, 100 + 1.7 * index, 100 + 0.6 * index)


def zooms(scene: Picture, index: int) -> Picture:
    return seen(scene, 100, 100, 1 + 0.05 * index)


def jumps(scene: Picture, index: int) -> Picture:
    x, y = np.random.default_rng(index).uniform(0, 300, 2)
    return seen(scene, x, y)


def sways(scene: Picture, index: int) -> Picture:
    """Leaves above, which go to and fro by some pixels in 40 frames; below all rests."""
    picture = rests(scene, index)
    leaves = seen(FOLIAGE, 250 + 8 * np.sin(2 * np.pi * (index / 40 - 0.05)), 250)
    picture[LEAVES] = leaves[LEAVES]
    return picture


def falling(index: int) -> Picture:
    """Streaks of one frame, (HEIGHT, WIDTH) in levels."""
    rng, layer = np.random.default_rng(1000 + index), np.zeros((HEIGHT, WIDTH), np.float32)
    for x, y, length in rng.uniform((0, -20, 10), (WIDTH, HEIGHT, 28), (40, 3)):
        end = (int(x - 0.2 * length), int(y + length))
        cv2.line(layer, (int(x), int(y)), end, float(rng.uniform(60, 140)), 1)
    return gaussian_filter(layer, 0.7)


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., tuple[Path, list[Picture]]]:
    """Writes a clip as a folder of frames; gives it, and the rain of each frame."""

    def _film(
        camera: Callable[[Picture, int], Picture], rain: bool = True, frames: int = FRAMES
    ) -> tuple[Path, list[Picture]]:
        folder, scene, noise = tmp_path / "clip", texture(), np.random.default_rng(0)
        folder.mkdir(exist_ok=True)
        layers = [falling(index) * rain for index in range(frames)]
        for index, layer in enumerate(layers):
            picture = camera(scene, index) + layer[..., None]
            picture = picture + noise.normal(0, 1, picture.shape)
            pixels = np.clip(picture, 0, 255).round().astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{index:03d}.png")
        return folder, layers

    return _film


Film = Callable[..., tuple[Path, list[Picture]]]


def alike(a: Picture, b: Picture) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("camera", [rests, pans])
def test_what_is_taken_is_what_fell(film: Film, camera: Callable[..., Picture]) -> None:
    folder, rain = film(camera)
    layers = filmed_layers(folder, len(MIDDLES))
    assert len(layers) == len(MIDDLES)
    for layer, middle in zip(layers, MIDDLES, strict=True):
        assert layer.shape == (HEIGHT, WIDTH)
        assert alike(layer.numpy(), rain[middle]) > 0.8
        assert alike(layer.numpy(), rain[middle + 1]) < 0.2
        # Where nothing fell, nothing is taken, but for what the camera leaves at the borders.
        inner = np.zeros((HEIGHT, WIDTH), bool)
        inner[16:-16, 16:-16] = rain[middle][16:-16, 16:-16] < 1
        assert (layer.numpy()[inner] > 20).mean() < 0.01


def test_leaves_are_no_rain(film: Film) -> None:
    """Where only leaves sway nothing is taken; where all else rests it rains as it did."""
    folder, rain = film(sways)
    for layer, middle in zip(filmed_layers(folder, 3), MIDDLES, strict=True):
        among_leaves = layer.numpy()[LEAVES][rain[middle][LEAVES] < 1]
        assert (among_leaves > 20).mean() < 0.01
        below = slice(LEAVES.stop + 4, None)
        assert alike(layer.numpy()[below], rain[middle][below]) > 0.8


@pytest.mark.parametrize("camera", [rests, pans, sways])
def test_a_clip_without_rain(film: Film, camera: Callable[..., Picture]) -> None:
    folder, _ = film(camera, rain=False)
    with pytest.raises(DatasetError, match=r"clip: shows no rain"):
        filmed_layers(folder, 3)


@pytest.mark.parametrize("camera", [zooms, jumps])
def test_a_camera_that_cannot_be_followed(film: Film, camera: Callable[..., Picture]) -> None:
    folder, _ = film(camera)
    with pytest.raises(DatasetError, match=r"clip: the camera moves"):
        filmed_layers(folder, 3)


def test_a_film_as_a_file(film: Film, tmp_path: Path) -> None:
    """The same as its frames, but for its compression."""
    folder, rain = film(rests)
    path = tmp_path / "clip.avi"
    out = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (WIDTH, HEIGHT))
    for frame in sorted(folder.iterdir()):
        out.write(np.asarray(Image.open(frame))[..., ::-1])
    out.release()
    for layer, middle in zip(filmed_layers(path, 3), MIDDLES, strict=True):
        assert alike(layer.numpy(), rain[middle]) > 0.8


def test_few_frames_are_kept_at_a_time(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film of an hour is not held in memory: only the window around the layer at hand."""
    folder, _ = film(rests)
    sizes: list[int] = []
    whole = filmed._layer
    monkeypatch.setattr(filmed, "_layer", lambda fs, c: sizes.append(len(fs)) or whole(fs, c))
    filmed_layers(folder, 3)
    assert sizes == [2 * WINDOW + 1] * 3


def test_clips_that_cannot_be_used(film: Film, tmp_path: Path) -> None:
    folder, _ = film(rests, frames=2 * WINDOW)
    with pytest.raises(DatasetError, match=rf"clip: {2 * WINDOW} frames; at least"):
        filmed_layers(folder, 3)
    for index in range(2 * WINDOW, 2 * WINDOW + 2):
        Image.new("RGB", (40, 30)).save(folder / f"{index:03d}.png")
    with pytest.raises(DatasetError, match="not of one size"):
        filmed_layers(folder, 3)
    (tmp_path / "notes.mp4").write_text("no film")
    for name in ("notes.mp4", "none.mp4"):
        with pytest.raises(DatasetError, match=f"{name}: not a folder of frames or a film"):
            filmed_layers(tmp_path / name, 3)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no pictures"):
        filmed_layers(tmp_path / "empty", 3)


def test_without_opencv(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = film(rests, frames=2)
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "cv2":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BackendUnavailableError, match=r"OpenCV: pip install 'derain\[train\]'"):
        filmed_layers(folder, 3)
