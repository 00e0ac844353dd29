"""Animated pictures derained: they are short, so they are made in one go and not in segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from derain.clips.animation import Animation, animation_frames, open_animation
from derain.clips.derainers import FrameDerainer, beside
from derain.clips.formats import check_clip_name
from derain.clips.frames import Frame
from derain.clips.products import PRODUCTS
from derain.clips.result import ClipResult
from derain.errors import InvalidImageError, first_line
from derain.files import OVER, Placing, explain_os_error
from derain.media.write import QUALITY

_KINDS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG", ".apng": "PNG"}
_WEBP_FLAGS, _WEBP_ALPHA = 20, 0x10


def derain_animation(
    source: Path,
    outputs: dict[str, Path],
    derainer: FrameDerainer,
    progress: Callable[[int, int], None],
    quality: int | None = None,
    placing: Placing = OVER,
    max_pixels: int | None = None,
) -> ClipResult:
    """Derain an animated picture.

    Args:
        source: The file.
        outputs: Where the results go; see :data:`derain.clips.products.PRODUCTS`.
        derainer: Applied to the frames.
        progress: Told (finished frames, all frames).
        quality: 1 to 100 for WebP; by default 95, and without loss where the source has none.
        placing: What becomes of a file that came under a result's name since the work began.
        max_pixels: Larger pictures are refused, before a frame is unpacked.

    Raises:
        OutputConflictError: Such a file is in the way.
        InvalidImageError: It cannot be read, or its results not be written.
    """
    for output in outputs.values():
        check_clip_name(source, output)
    animation = open_animation(source, max_pixels)
    frames = (
        Frame(colour, alpha, index, 1, index)
        for index, (colour, alpha) in enumerate(animation_frames(source))
    )
    made: dict[str, list[Image.Image]] = {product: [] for product in outputs}
    changed = False
    for rainy, colour in beside(derainer, frames, lambda frame: frame.colour):
        clean = replace(rainy, colour=colour)
        changed = changed or not np.array_equal(rainy.colour, colour)
        for product, images in made.items():
            images.append(_image(PRODUCTS[product](rainy, clean)))
        progress(rainy.index + 1, animation.frames)
    notes: list[str] = []
    data = {
        product: _encode(made[product], animation, output, quality, notes)
        for product, output in outputs.items()
    }
    for product in sorted(outputs, key=lambda name: name == "clean"):
        placing.write(outputs[product], data[product])
    notes += [
        f"{output}: GIF holds 256 colours a frame"
        for output in outputs.values() if output.suffix.lower() == ".gif"
    ]  # fmt: skip
    return ClipResult(animation.frames, *animation.size, notes=notes, changed=changed)


def _image(frame: Any) -> Image.Image:
    if frame.alpha is None:
        return Image.fromarray(frame.colour)
    return Image.fromarray(np.dstack([frame.colour, frame.alpha]))


def _encode(
    images: list[Image.Image],
    animation: Animation,
    output: Path,
    quality: int | None,
    notes: list[str],
) -> bytes:
    kind, buffer = _KINDS[output.suffix.lower()], BytesIO()
    left_out = animation.still and kind != "PNG"
    frames, durations = images[left_out:], animation.durations[left_out:]
    if left_out:
        notes.append(
            f"{output}: {kind} has no place for the picture that a PNG shows where it cannot be "
            "played; left out"
        )
    options = {**animation.metadata, "save_all": True, "duration": durations}
    see_through = any(frame.mode == "RGBA" for frame in frames)
    if kind != "GIF":
        options["loop"] = animation.plays
    else:
        options["disposal"] = 2 if see_through else 1
        if animation.plays != 1:
            options["loop"] = max(0, animation.plays - 1)
    if kind == "PNG" and animation.still:
        options |= {"default_image": True, "duration": durations[1:]}
    if kind == "WEBP":
        lossless = animation.lossless and quality is None
        options |= {"lossless": lossless, "quality": quality or QUALITY, "allow_mixed": False}
    try:
        frames[0].save(buffer, kind, append_images=frames[1:], **options)
    except OSError as error:
        raise explain_os_error(error, output) from error
    except ValueError as error:
        raise InvalidImageError(f"{output}: cannot be written ({first_line(error)})") from error
    data = bytearray(buffer.getvalue())
    if kind == "WEBP" and see_through and data[12:16] == b"VP8X":
        # libwebp cuts frames to what changes, and says that all is opaque where those cuts are.
        data[_WEBP_FLAGS] |= _WEBP_ALPHA
    with Image.open(BytesIO(data)) as image:
        joined = len(frames) - int(getattr(image, "n_frames", 1))
    if joined:
        notes.append(f"{output}: {joined} frames equal the one before and last longer instead")
    return bytes(data)
