"""How long training data of many pairs takes until the first batch, and how much memory.

    python -m benchmarks.loading [--pairs 100000] [--size 48] [--memory 0]

Makes a folder of that many small pairs, every clean picture a scene of its own, and loads it twice,
each time in a process of its own: cold, when every picture has to be decoded once, and warm, when
an earlier run has seen them. Memory is the process's peak; imports are what Python and PyTorch take
of it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

PATCH, BATCH, DRAWN = 32, 8, 50
COLUMNS = ("s to the first batch", "s of processor", "ms a batch", "imports, MiB", "peak, MiB")
_RAINY = 8


def make_pairs(folder: Path, count: int, side: int) -> None:
    """``count`` pairs; their clean pictures differ, their rainy ones are links to a few files."""
    rng = np.random.default_rng(0)
    for name in ("clean", "rainy", "few"):
        (folder / name).mkdir()
    for index in range(_RAINY):
        noise = rng.integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(noise).save(folder / "few" / f"{index}.png")
    for index in range(count):
        scene = Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).resize((side, side))
        scene.save(folder / "clean" / f"{index:07d}.png", compress_level=1)
        os.link(folder / "few" / f"{index % _RAINY}.png", folder / "rainy" / f"{index:07d}.png")


def measure(folder: Path, memory: int) -> dict[str, float]:
    """One start, in this process."""
    import torch

    from derain.training.batches import BatchSource
    from derain.training.config import DataConfig, PairSource
    from derain.training.dataset import load_data

    before = _peak()
    began, processor = time.perf_counter(), time.process_time()
    source = PairSource("many", str(folder), "folders")
    loaded = load_data(DataConfig(pairs=(source,), memory=memory), torch.device("cpu"))
    batches = BatchSource(loaded.pools, BATCH, PATCH, 0, torch.device("cpu"))
    batches(0)
    first, processor = time.perf_counter(), time.process_time() - processor
    for step in range(1, DRAWN + 1):
        batches(step)
    later = (time.perf_counter() - first) / DRAWN
    numbers = (first - began, processor, 1e3 * later, before, _peak())
    return dict(zip(COLUMNS, numbers, strict=True))


def _peak() -> float:
    """MiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 2 ** (20 if sys.platform == "darwin" else 10)


def main() -> None:
    """Print a row for each start."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=48, help="pixels a side")
    parser.add_argument("--memory", type=int, default=0, help="data.memory, MiB")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.memory)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(f"making {options.pairs} pairs", file=sys.stderr)
        make_pairs(Path(folder), options.pairs, options.size)
        environment = {**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"}
        command = [sys.executable, "-m", "benchmarks.loading", "--one", folder]
        print(f"| start | {' | '.join(COLUMNS)} |")
        print("|---" * (1 + len(COLUMNS)) + "|")
        for start in ("cold", "warm"):
            done = subprocess.run(
                [*command, "--memory", str(options.memory)],
                env=environment, stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
            row = json.loads(done.stdout.splitlines()[-1])
            print(f"| {start} | {' | '.join(f'{row[name]:.1f}' for name in COLUMNS)} |", flush=True)


if __name__ == "__main__":
    main()
