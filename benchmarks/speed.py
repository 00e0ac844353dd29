"""Speed and memory of every model and backend.

    python -m benchmarks.speed [--megapixels 1 12 48] [--out benchmarks/speed.json]

Each measurement runs in a process of its own, so that peak memory is that run's: the picture is
random, derained once to warm up (small) and once to be timed. Resident memory holds the picture and
the result too. Also measured: what a 64-channel 3x3 convolution reaches in the same engine (the
ceiling), cold start, and import time. Timings are noisy; compare within one table.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines import engine, timed

MODELS = ("fast", "base")
BACKENDS = ("onnxruntime", "openvino", "torch")
CEILING_SIDE, CEILING_CHANNELS = 512, 64


def measure(model: str, backend: str, megapixels: float) -> dict[str, Any]:
    """One run, in this process."""
    import resource

    from derain import Derainer
    from derain.restore.scales import looked_at

    began = time.perf_counter()
    derainer = Derainer(model, backend=backend)
    derainer(np.zeros((64, 64, 3), np.uint8))
    ready = time.perf_counter() - began
    height = round(math.sqrt(megapixels * 1e6 * 3 / 4))
    width = round(height * 4 / 3)
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    if megapixels <= 1:
        derainer(picture)
    began = time.perf_counter()
    derainer(picture)
    seconds = time.perf_counter() - began
    card = derainer.model.card
    pace = height * width / 1e6 / seconds
    return {
        "model": model,
        "backend": derainer.backend,
        "megapixels": round(height * width / 1e6, 2),
        "seconds": round(seconds, 2),
        "mp_per_s": round(pace, 3),
        "gflop_per_s": round(looked_at(height, width) / seconds * card.mmac_per_pixel * 2 / 1e3, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "ready_s": round(ready, 2),
    }


def ceiling(backend: str) -> dict[str, Any]:
    """GFLOP/s of a plain stack of 64-channel 3x3 convolutions in the engine."""
    import torch

    layers = [torch.nn.Conv2d(CEILING_CHANNELS, CEILING_CHANNELS, 3, padding=1) for _ in range(8)]
    stack = torch.nn.Sequential(*layers)
    shape = (1, CEILING_CHANNELS, CEILING_SIDE, CEILING_SIDE)
    work = 8 * 2 * 9 * CEILING_CHANNELS**2 * CEILING_SIDE**2 / 1e9
    run = engine(stack, torch.rand(shape), backend)
    run()
    best = min(timed(run) for _ in range(5))
    return {"backend": backend, "gflop_per_s": round(work / best, 1)}


def start_up() -> dict[str, float]:
    """Seconds of whole processes, the median of five."""
    commands = {
        "python": ["-c", "pass"],
        "import derain": ["-c", "import derain"],
        "from derain import Derainer": ["-c", "from derain import Derainer"],
        "derain --help": ["-m", "derain", "--help"],
        "derain --version": ["-m", "derain", "--version"],
    }
    seconds = {}
    for name, arguments in commands.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - began)
        seconds[name] = round(sorted(times)[2], 3)
    return seconds


def _apart(*arguments: str) -> Any:
    command = [sys.executable, "-m", "benchmarks.speed", "--one", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        print(f"{' '.join(arguments)}: {told[-1]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 48])
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS))
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/speed.json"))
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, *rest = options.one
        result = ceiling(rest[0]) if kind == "ceiling" else measure(kind, rest[0], float(rest[1]))
        print(json.dumps(result))
        return 0
    ceilings = {name: _apart("ceiling", name) for name in options.backends}
    print("| model | backend | MP | s | MP/s | GFLOP/s | of ceiling | peak MB | ready s |")
    print("|---|---|---|---|---|---|---|---|---|")
    runs = []
    for backend in options.backends:
        for model in options.models:
            for megapixels in options.megapixels:
                run = _apart(model, backend, str(megapixels))
                if run is None:
                    continue
                top = ceilings[backend]["gflop_per_s"] if ceilings[backend] else None
                run["of_ceiling"] = round(run["gflop_per_s"] / top, 3) if top else None
                runs.append(run)
                print(
                    f"| {run['model']} | {run['backend']} | {run['megapixels']} "
                    f"| {run['seconds']} | {run['mp_per_s']} | {run['gflop_per_s']} "
                    f"| {run['of_ceiling']:.0%} | {run['peak_mb']} | {run['ready_s']} |",
                    flush=True,
                )
    starts = start_up()
    print("\n| command | s |\n|---|---|")
    for name, seconds in starts.items():
        print(f"| {name} | {seconds} |")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    result = {"machine": machine, "ceilings": ceilings, "runs": runs, "start_up_s": starts}
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    return (
        0
        if len(runs) == len(options.backends) * len(options.models) * len(options.megapixels)
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
