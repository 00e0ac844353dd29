"""Scenes from photographs: what is far, what is near, what moves, seen by a camera that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from derain.opencv import opencv
from derain.rain.clips.camera import Path

Photo = NDArray[np.uint8]
Plane = NDArray[np.float32]

_ROOM = 8  # pixels that a photograph has beyond what the camera sees of it


@dataclass(frozen=True)
class Layer:
    """A flat picture in the scene.

    Attributes:
        photo: (h, w, 3) float32 in [0, 1], already as soft as it is to be seen.
        opacity: (H, W) float32 in the picture's first view; None for what fills all of it.
        scale: Pixels of the photograph in a pixel of the frame.
        path: How it is seen over time.
    """

    photo: Plane
    opacity: Plane | None
    scale: float
    path: Path


def background(photo: Photo, height: int, width: int, path: Path) -> Layer:
    """A photograph that fills the frame on all of a path, as large as it can be."""
    reach = [np.ptp(path[:, axis]) + 2 * _ROOM for axis in (0, 1)]
    most = max(1.0, float(np.exp(-path[:, 2]).max()))
    scale = min(photo.shape[1] / (width + reach[0]), photo.shape[0] / (height + reach[1])) / most
    middle = (path[:, :2].max(axis=0) + path[:, :2].min(axis=0)) / 2
    centred = path - np.array([*middle, 0, 0])
    return Layer(_soft(photo, scale), None, scale, centred)


def thing(
    photo: Photo, height: int, width: int, path: Path, size: tuple[float, float], rng: Generator
) -> Layer:
    """A blob cut out of a photograph, its size a share of the frame's, somewhere in the frame."""
    cv2 = opencv()
    extent = rng.uniform(*size) * min(height, width)
    place = rng.uniform(0.15, 0.85, 2) * (width, height)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = np.arctan2(y - place[1], x - place[0])
    radius = np.full((height, width), 0.5, np.float32)
    for wave in (2, 3, 5):
        radius += rng.uniform(0, 0.25 / wave) * np.cos(wave * angle + rng.uniform(0, 6.3))
    stretch = rng.uniform(0.6, 1.6)
    away = np.hypot((x - place[0]) * stretch, (y - place[1]) / stretch)
    opacity = np.clip(radius * extent - away, 0, 1)
    scale = min(photo.shape[1] / width, photo.shape[0] / height)
    soft = cv2.GaussianBlur(opacity.astype(np.float32), (0, 0), 0.6)
    return Layer(_soft(photo, scale), soft, scale, path - path[len(path) // 2])


def _soft(photo: Photo, scale: float) -> Plane:
    """In [0, 1]; without what is too fine for the frame's pixels."""
    plane = photo.astype(np.float32) / 255
    if scale > 1:
        plane = opencv().GaussianBlur(plane, (0, 0), 0.35 * scale)
    return np.asarray(plane, np.float32)


def render(layers: Sequence[Layer], height: int, width: int, time: int) -> Plane:
    """The scene at one frame, (height, width, 3) float32 in [0, 1]; later layers are nearer."""
    cv2 = opencv()
    frame = np.zeros((height, width, 3), np.float32)
    for layer in layers:
        x, y, zoom, turn = layer.path[time]
        # From the frame's pixels to those of the first view, about the middle.
        across = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        across *= np.exp(-zoom)
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        shift = middle + np.array([x, y]) - across @ middle
        rows, columns = layer.photo.shape[:2]
        there = np.array([(columns - 1) / 2, (rows - 1) / 2])
        onto = np.column_stack([layer.scale * across, there + layer.scale * (shift - middle)])
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_CUBIC
        seen = cv2.warpAffine(
            layer.photo, onto, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101
        )
        if layer.opacity is None:
            frame = seen
            continue
        onto = np.column_stack([across, shift])
        share = cv2.warpAffine(
            layer.opacity,
            onto,
            (width, height),
            flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )[..., None]
        frame = frame + share * (seen - frame)
    return np.clip(frame, 0, 1)
