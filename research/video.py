"""``python -m research.video DATA``: temporal deraining on clips with truth, as a table.

DATA holds folders of clean photographs that no part of the filter was set on. A part of the filter
is changed in each column; the single-picture network ``fast`` stands beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from derain import Derainer, VideoDerainer
from derain.data import list_images, read_rgb
from derain.metrics.clips import score_clip
from derain.rain.clips import Clip, ClipStyle, make_clip
from derain.restore.temporal import BrighterGate, MedianGate
from derain.restore.temporal.flow import flow, luma

Frames = Sequence[NDArray[np.uint8]]

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


def methods() -> dict[str, Callable[[Frames], list[NDArray[np.uint8]]]]:
    """Clip in, clip out."""
    fast = Derainer("fast")

    def temporal(**options: object) -> Callable[[Frames], list[NDArray[np.uint8]]]:
        derainer = VideoDerainer(fast, **options)  # type: ignore[arg-type]
        return lambda frames: list(derainer(frames))

    return {
        "input": list,
        "fast": lambda frames: [fast(frame) for frame in frames],
        "median only": temporal(gate=MedianGate(), fallback=False),
        "radius 2": temporal(radius=2, fallback=False),
        "by hand": temporal(gate=BrighterGate()),
        "no network": temporal(fallback=False),
        "temporal": temporal(),
    }


def main(data: Path, each: int) -> None:
    """Print the table."""
    out = sys.stdout
    table = methods()
    out.write("| clips | score | " + " | ".join(table) + " | truth |\n")
    out.write("|---|---|" + "---|" * (len(table) + 1) + "\n")
    for name, made in clips(data, each):
        rows: dict[str, list[str]] = {"PSNR": [], "worst": [], "bias": [], "flicker": []}
        truth = 0.0
        for method in table.values():
            scores = []
            for clip in made:
                grey = [luma(frame) for frame in clip.clean]
                flows = [flow(b, a) for a, b in pairwise(grey)]
                scores.append(score_clip(method(list(clip.rainy)), list(clip.clean), flows))
            truth = float(np.mean([s.flicker_truth for s in scores]))
            rows["PSNR"].append(f"{np.mean([s.psnr for s in scores]):.2f}")
            rows["worst"].append(f"{min(s.worst for s in scores):.2f}")
            rows["bias"].append(f"{np.mean([s.bias for s in scores]):+.2f}")
            rows["flicker"].append(f"{np.mean([s.flicker for s in scores]):.1f}")
        for score, cells in rows.items():
            end = f"{truth:.1f}" if score == "flicker" else ""
            out.write(f"| {name} | {score} | " + " | ".join(cells) + f" | {end} |\n")
            out.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2)
