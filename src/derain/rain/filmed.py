"""Real rain taken from clips: a frame less the median of its neighbours in time (OURS).

Rain moves and what is behind it comes back: the median over some frames is the scene without rain,
and what a frame has more than that is rain, or something else that moves. Leaves move slowly, so
where the medians of earlier and of later frames differ, nothing is taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from derain.data import list_images, read_rgb
from derain.errors import DatasetError
from derain.opencv import opencv

Frame = NDArray[np.uint8]

WINDOW = 9
"""Frames of a median."""
_MOVING = 0.4  # of the pixels unsure: more is a camera that moves
_NOISE = 5  # levels of sensor noise and compression that are no rain
_FAINTEST = 4.0  # levels above the noise, mean of the brightest 2%: below, there is no rain


def filmed_layers(clip: Path, most: int) -> list[Tensor]:
    """At most ``most`` grey rain layers of a clip, spread over it, each (h, w) uint8.

    Args:
        clip: A film, or a folder of frames in the order of their names.
        most: Layers.

    Raises:
        DatasetError: It cannot be read, is too short, its camera moves so that frames cannot be
            aligned, or it shows no rain.
        BackendUnavailableError: OpenCV is not installed.
    """
    opencv("train")
    count = sum(1 for _ in _frames(clip, read=False))
    if count <= 2 * WINDOW:
        raise DatasetError(
            f"{clip}: {count} frames; at least {2 * WINDOW + 1} are needed to tell rain from the "
            "rest"
        )
    last = count - WINDOW - 1
    middles = np.linspace(WINDOW, last, min(most, last - WINDOW + 1)).round().astype(int)
    layers = [_layer(frames, clip) for frames in _windows(clip, set(middles.tolist()))]
    peaks = [float(np.sort(layer.ravel())[-max(1, layer.size // 50) :].mean()) for layer in layers]
    if max(peaks, default=0.0) < _FAINTEST:
        raise DatasetError(f"{clip}: shows no rain that could be taken from it; leave it out")
    return [
        torch.from_numpy(np.clip(layer * (255 / max(60.0, peak * 1.3)), 0, 255).astype(np.uint8))
        for layer, peak in zip(layers, peaks, strict=True)
        if peak >= _FAINTEST / 2
    ]


def _layer(frames: list[Frame], clip: Path) -> NDArray[np.float32]:
    """What the middle frame of a window has more than the scene, (H, W) in levels."""
    window, half = _aligned(frames, clip), WINDOW // 2
    before, after = np.median(window[:WINDOW], 0), np.median(window[WINDOW + 1 :], 0)
    still = np.median(window[WINDOW - half : WINDOW + half + 1], 0)
    unsure = np.abs(before - after).max(axis=2) > 2 * _NOISE
    # Rain brightens: a frame that is darker than the scene in many places shows another scene.
    darker = (still - window[WINDOW]).max(axis=2) > 2 * _NOISE
    if unsure.mean() > _MOVING or darker.mean() > _MOVING / 2:
        raise DatasetError(
            f"{clip}: the camera moves, and frames cannot be aligned by a shift; cut the clip "
            "to a part where it rests"
        )
    rain: NDArray[np.float32] = (window[WINDOW] - still).max(axis=2) - _NOISE
    rain[_grown(unsure)] = 0
    return np.clip(rain, 0, 255)


def _windows(clip: Path, middles: set[int]) -> Iterator[list[Frame]]:
    """The frames around each of these, ``WINDOW`` before and after; no more are kept in memory."""
    recent: deque[Frame] = deque(maxlen=2 * WINDOW + 1)
    for index, frame in enumerate(_frames(clip)):
        recent.append(frame)
        if index - WINDOW in middles:
            yield list(recent)


def _frames(clip: Path, read: bool = True) -> Iterator[Frame]:
    """All frames of a film or of a folder, RGB; empty ones where they are only counted."""
    nothing = np.empty((0, 0, 3), np.uint8)
    if clip.is_dir():
        for path in list_images(clip):
            yield read_rgb(path) if read else nothing
        return
    cv2 = opencv()
    film = cv2.VideoCapture(str(clip)) if clip.is_file() else None
    if film is None or not film.isOpened():
        raise DatasetError(f"{clip}: not a folder of frames or a film that can be read")
    while film.grab():
        whole, frame = film.retrieve() if read else (True, nothing)
        if whole:
            yield np.ascontiguousarray(frame[..., ::-1])
    film.release()


def _aligned(frames: list[Frame], clip: Path) -> NDArray[np.float32]:
    """The frames shifted onto the middle one, (n, H, W, 3) float32."""
    cv2, middle = opencv(), len(frames) // 2
    still = _grey(frames[middle])
    taper = cv2.createHanningWindow((still.shape[1], still.shape[0]), cv2.CV_32F)
    stack = []
    for frame in frames:
        if frame.shape != frames[middle].shape:
            raise DatasetError(f"{clip}: frames are not of one size")
        # It multiplies what it is given by the taper, in place.
        (x, y), _ = cv2.phaseCorrelate(still.copy(), _grey(frame), taper)
        move = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
        size = (frame.shape[1], frame.shape[0])
        shifted = cv2.warpAffine(
            frame, move, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        # Fog and sky have no peak of their own: a shift that does not help is none.
        near, far = (np.abs(_grey(f) - still).mean() for f in (shifted, frame))
        stack.append((shifted if near < far else frame).astype(np.float32))
    return np.stack(stack)


def _grey(frame: NDArray[Any]) -> NDArray[np.float32]:
    grey: NDArray[np.float32] = frame.astype(np.float32).mean(axis=2)
    return grey


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With the two pixels around."""
    cv2 = opencv()
    grown: NDArray[np.bool_] = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return grown
