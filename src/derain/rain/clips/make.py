"""Clips with truth: photographs in motion, and rain that falls through their frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from derain.errors import ConfigError
from derain.opencv import opencv
from derain.rain.clips.camera import CAMERAS, Path
from derain.rain.clips.falling import drawable, rain_over
from derain.rain.clips.scene import Layer, Photo, background, render, thing
from derain.rain.draw import pick
from derain.rain.presets import rain_preset

Frames = NDArray[np.uint8]


class Clip(NamedTuple):
    """A clip and its truth, each (T, H, W, 3) uint8."""

    rainy: Frames
    clean: Frames


@dataclass(frozen=True)
class ClipStyle:
    """What a clip is to show. Every range is drawn anew for each clip.

    Attributes:
        frames, height, width: Its size.
        cameras: Names of :data:`~derain.rain.clips.camera.CAMERAS`; one is drawn.
        near: How many things stand before the background; the camera's moves move them more.
        moving: How many things move by themselves.
        rain: Presets; one is drawn. ``dry`` has no rain.
        noise: Standard deviation of the sensor's noise, which stands in the truth, too.
        jpeg: Quality of the compression, of both; 100 for none.
    """

    frames: int = 9
    height: int = 480
    width: int = 640
    cameras: tuple[str, ...] = ("still", "pan", "shake")
    near: tuple[int, int] = (0, 2)
    moving: tuple[int, int] = (0, 2)
    rain: tuple[str, ...] = ("light", "every", "dense")
    noise: tuple[float, float] = (0.0, 0.008)
    jpeg: tuple[int, int] = (85, 100)

    def __post_init__(self) -> None:
        if unknown := set(self.cameras) - set(CAMERAS):
            raise ConfigError(f"unknown camera {min(unknown)!r}; known: {', '.join(CAMERAS)}")


def make_clip(photos: Sequence[Photo], style: ClipStyle, seed: int) -> Clip:
    """Make a clip. Deterministic: the same photographs, style and seed give the same one.

    Args:
        photos: (h, w, 3) uint8; the first is the background, the others are cut up for what stands
            or moves before it, in turn.
        style: What it shows.
        seed: Of all that is drawn.
    """
    rng = np.random.default_rng(seed)
    layers = _scene(photos, style, rng)
    noise = rng.uniform(*style.noise)
    clean = []
    for time in range(style.frames):
        frame = render(layers, style.height, style.width, time)
        frame = frame + noise * rng.standard_normal(frame.shape, np.float32)
        clean.append(np.clip(frame, 0, 1))
    rainy = _rain(clean, style.rain[rng.integers(len(style.rain))], seed)
    quality = int(rng.integers(style.jpeg[0], style.jpeg[1] + 1))
    kept = [[_compressed(frame, quality) for frame in frames] for frames in (rainy, clean)]
    return Clip(np.stack(kept[0]), np.stack(kept[1]))


def _scene(photos: Sequence[Photo], style: ClipStyle, rng: Generator) -> list[Layer]:
    height, width = style.height, style.width
    path = CAMERAS[style.cameras[rng.integers(len(style.cameras))]](style.frames, rng)
    layers = [background(photos[0], height, width, path)]
    cut = list(photos[1:] or photos)
    for _ in range(rng.integers(style.moving[0], style.moving[1] + 1)):
        own = path + _walk(style.frames, rng)
        layers.append(thing(cut[len(layers) % len(cut)], height, width, own, (0.15, 0.5), rng))
    for _ in range(rng.integers(style.near[0], style.near[1] + 1)):
        nearer = path * (rng.uniform(1.2, 2.2), rng.uniform(1.2, 2.2), 1, 1)
        layers.append(thing(cut[len(layers) % len(cut)], height, width, nearer, (0.2, 0.9), rng))
    return layers


def _walk(frames: int, rng: Generator) -> Path:
    """What moves by itself: straight on, up to eight pixels a frame, and swaying."""
    time = np.arange(frames, dtype=float)
    way, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 8)
    sway = rng.uniform(0, 2) * np.sin(time / rng.uniform(1, 4) + rng.uniform(0, 6.3))
    x = speed * np.cos(way) * time
    y = 0.4 * speed * np.sin(way) * time + sway
    turn = rng.uniform(-0.02, 0.02) * time
    return np.stack([x, y, np.zeros(frames), turn], axis=1)


def _rain(clean: Sequence[NDArray[np.float32]], name: str, seed: int) -> list[NDArray[np.float32]]:
    preset = drawable(rain_preset(name))
    if not preset.recipes:
        return list(clean)
    generator = torch.Generator().manual_seed(seed)
    recipe = preset.recipes[pick([r.weight for r in preset.recipes], 1, generator)[0]]
    frames = [torch.from_numpy(frame).float().movedim(2, 0)[None] for frame in clean]
    return [rained[0].movedim(0, 2).numpy() for rained in rain_over(frames, recipe, generator)]


def _compressed(frame: NDArray[np.float32], quality: int) -> Frames:
    pixels = np.rint(np.clip(frame, 0, 1) * 255).astype(np.uint8)
    if quality >= 100:
        return pixels
    cv2 = opencv()
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
