"""The shipped models on held-out scenes, as people run them: 8 bits in, 8 bits out.

    python -m benchmarks.quality --data ../shared/data [--models base fast] [--limit N]

Rebuilds the scene split of a committed configuration (names of its sources, share and seed), so
that nothing scored here was trained on, and scores the Derainer (not the training network): mean
PSNR and SSIM, matlab-y, with the input's; rain-free photographs as PSNR between input and output;
and rain that was synthesised on held-out photographs with presets, ``heavy`` among them (the style
of Rain100H).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray

from derain import Derainer
from derain.evaluation import psnr, ssim
from derain.rain import RainSynthesizer, rain_preset
from derain.training.config import load_config
from derain.training.loading import Loaded, load_data

Pixels = NDArray[np.uint8]
Item = tuple[Pixels, Pixels]


def held_out(loaded: Loaded, limit: int) -> Iterator[tuple[str, list[Item]]]:
    """Named lists of (rainy, clean)."""

    def some(items: list[Item]) -> list[Item]:
        return items[:: max(1, -(-len(items) // limit))] if limit else items

    for source, pairs in loaded.held_pairs.items():
        yield source, some([(rainy, clean) for _, rainy, clean in pairs])
    photos = list(
        {key: photo for held in loaded.held_photos.values() for key, photo in held}.items()
    )
    yield "rain-free", some([(photo, photo) for _, photo in photos])
    for preset in ("light", "heavy", "blurred"):
        yield (
            f"synthesised {preset}",
            some([_rain(photo, preset, index) for index, (_, photo) in enumerate(photos)]),
        )


def _rain(photo: Pixels, preset: str, seed: int) -> Item:
    clean = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None] / 255
    sample = RainSynthesizer(rain_preset(preset))(clean, torch.Generator().manual_seed(seed))
    rainy = (sample.rainy[0] * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    return rainy, photo


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=Path("configs/base.toml"))
    parser.add_argument("--models", nargs="+", default=["base", "fast"])
    parser.add_argument("--backend", default="onnxruntime")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/quality.json"))
    options = parser.parse_args()
    config = load_config(options.config).data
    loaded = load_data(replace(config, root=str(options.data)), torch.device("cpu"))
    derainers = {name: Derainer(name, backend=options.backend) for name in options.models}
    rows = []
    print("| held out | n | model | input PSNR Y | PSNR Y | gain | PSNR RGB | SSIM Y |")
    print("|---|---|---|---|---|---|---|---|")
    for source, items in held_out(loaded, options.limit):
        before = fmean(min(100.0, psnr(rainy, clean)) for rainy, clean in items)
        for name, derainer in derainers.items():
            results = [(derainer(rainy), clean) for rainy, clean in items]
            row = {
                "source": source,
                "n": len(items),
                "model": name,
                "input_psnr_y": round(before, 2),
                "psnr_y": round(fmean(min(100.0, psnr(*pair)) for pair in results), 2),
                "psnr_rgb": round(fmean(min(100.0, psnr(*pair, "rgb")) for pair in results), 2),
                "ssim_y": round(fmean(ssim(*pair) for pair in results), 4),
            }
            rows.append(row)
            dry = source == "rain-free"
            shown = ["-" if dry else f"{before:.2f}", f"{row['psnr_y']}"]
            shown.append("-" if dry else f"{row['psnr_y'] - before:+.2f}")
            shown += [f"{row['psnr_rgb']}", f"{row['ssim_y']}"]
            print(f"| {source} | {row['n']} | {name} | {' | '.join(shown)} |", flush=True)
    options.out.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
