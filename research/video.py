"""``python -m research.video DATA [EACH] [MODEL]``: temporal deraining on made clips, as a table.

DATA holds folders of clean photographs that no part of the filter was set on, EACH says how many
clips of each style are made, MODEL which single-picture network is asked. A part of the filter is
changed in each column; the single-picture network stands beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from derain import Derainer, VideoDerainer
from derain.data import list_images, read_rgb
from derain.metrics import measure_clip
from derain.rain.clips import Clip, ClipStyle, make_clip
from derain.restore.temporal import BrighterGate, MedianGate
from derain.restore.temporal.flow import motion

Frames = Sequence[NDArray[np.uint8]]

_SCORES = ("psnr/matlab-y", "worst/matlab-y", "bias", "flicker", "flicker/truth")

_PLAIN = ClipStyle(frames=9, height=270, width=360, near=(0, 0), moving=(0, 0))
_FULL = replace(_PLAIN, near=(1, 1), moving=(1, 2))
STYLES: dict[str, ClipStyle] = {
    "static, light": replace(_PLAIN, cameras=("still",), rain=("light",)),
    "pan, every": replace(_PLAIN, cameras=("pan",), rain=("every",)),
    "shake, every": replace(_PLAIN, cameras=("shake",), rain=("every",)),
    "shake, objects, light": replace(_FULL, cameras=("shake",), rain=("light",)),
    "shake, blurred": replace(_PLAIN, cameras=("shake",), rain=("blurred",)),
    "pan, heavy": replace(_PLAIN, cameras=("pan",), rain=("heavy",)),
    "pan, objects, dry": replace(_FULL, cameras=("pan",), rain=("dry",)),
    "shake, dry": replace(_PLAIN, cameras=("shake",), rain=("dry",)),
}


def clips(data: Path, each: int) -> Iterator[tuple[str, list[Clip]]]:
    """Clips of every style, from photographs spread over the folder."""
    photos = list_images(data)
    for place, (name, style) in enumerate(STYLES.items()):
        chosen = [(place * each + i) * 7 for i in range(each)]
        yield (
            name,
            [
                make_clip(
                    [read_rgb(photos[(at + k) % len(photos)]) for k in range(3)], style, 1000 + at
                )
                for at in chosen
            ],
        )


def methods(model: str) -> dict[str, Callable[[Frames], list[NDArray[np.uint8]]]]:
    """Clip in, clip out."""
    still = Derainer(model)

    def temporal(**options: object) -> Callable[[Frames], list[NDArray[np.uint8]]]:
        derainer = VideoDerainer(still, **options)  # type: ignore[arg-type]
        return lambda frames: list(derainer(frames))

    return {
        "input": list,
        model: lambda frames: [still(frame) for frame in frames],
        "median only": temporal(gate=MedianGate(), fallback=False),
        "radius 2": temporal(radius=2, fallback=False),
        "by hand": temporal(gate=BrighterGate()),
        "no network": temporal(fallback=False),
        "temporal": temporal(),
    }


def main(data: Path, each: int = 2, model: str = "base") -> None:
    """Print the table."""
    out = sys.stdout
    table = methods(model)
    out.write("| clips | score | " + " | ".join(table) + " | truth |\n")
    out.write("|---|---|" + "---|" * (len(table) + 1) + "\n")
    for name, made in clips(data, each):
        rows: dict[str, list[str]] = {"PSNR": [], "worst": [], "bias": [], "flicker": []}
        truth = 0.0
        for method in table.values():
            scores = []
            for clip in made:
                frames = zip(clip.rainy, method(list(clip.rainy)), clip.clean, strict=True)
                scores.append(measure_clip(_SCORES, frames, motion).scores)
            psnr, worst, bias, flicker, own = ([s[name] for s in scores] for name in _SCORES)
            truth = float(np.mean(own))
            rows["PSNR"].append(f"{np.mean(psnr):.2f}")
            rows["worst"].append(f"{min(worst):.2f}")
            rows["bias"].append(f"{np.mean(bias):+.2f}")
            rows["flicker"].append(f"{np.mean(flicker):.1f}")
        for score, cells in rows.items():
            end = f"{truth:.1f}" if score == "flicker" else ""
            out.write(f"| {name} | {score} | " + " | ".join(cells) + f" | {end} |\n")
            out.flush()


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        *(kind(word) for kind, word in zip((int, str), sys.argv[2:], strict=False)),
    )
