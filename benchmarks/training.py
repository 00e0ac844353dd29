"""Pace of training steps, and how far it is from what the machine can multiply.

    python -m benchmarks.training CONFIG [CONFIG ...] [--steps 30] [key=value ...]

Each configuration runs in a process of its own, on its own data, after a warm-up; of one in stages
the last is measured, from fresh weights. Counted are the multiply-accumulates of the folded
network, three times (forward, gradient of the input, gradient of the weights); the ceiling is what
one large convolution reaches in the same passes and precision. ``drawing`` is what share of a step
goes into its batch: cutting, turning and resizing patches, and rain. Several configurations give
ratios of one run: what the semi-supervised part costs, for instance.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

WARM_UP = 8
_CHANNELS, _SIDE, _BATCH = 256, 64, 8


def measure(config: Path, overrides: tuple[str, ...], steps: int) -> dict[str, Any]:
    """Seconds a step of one configuration, in this process."""
    from derain.nn import build_network, macs_per_pixel
    from derain.training import Trainer
    from derain.training.batches import BatchSource
    from derain.training.dataset import load_data
    from derain.training.stages import load_stages

    with tempfile.TemporaryDirectory() as folder:
        values = replace(load_stages(config, overrides)[-1], out=f"{folder}/run", init="")
        if values.real:  # from the first step on everything takes part
            values = replace(values, real=replace(values.real, start=0))
        trainer = Trainer(values)
        device = trainer.accelerator.device
        pools = load_data(values.data, device).pools
        source = BatchSource(pools, values.batch, values.patch, values.seed, device)
        for _ in range(WARM_UP):
            trainer.train_step(source)
        _wait(device.type)
        began = time.perf_counter()
        for _ in range(steps):
            trainer.train_step(source)
        _wait(device.type)
        trained = time.perf_counter()
        for step in range(WARM_UP, WARM_UP + steps):  # the batches of these steps, once more
            source(step)
        _wait(device.type)
        seconds, drawing = (trained - began) / steps, (time.perf_counter() - trained) / steps
    images = values.batch
    if values.real:
        images += values.real.batch * (2 if values.real.remix else 1)
    once = replace(values.network_config, mirrors=1)  # as training sees a picture
    work = 6 * macs_per_pixel(build_network(once)) * values.patch**2 * images
    return {
        "config": config.stem,
        "device": device.type,
        "ms_per_step": round(seconds * 1e3, 1),
        "drawing": round(drawing / seconds, 3),
        "images_per_s": round(values.batch / seconds, 2),
        "gflop_per_s": round(work / seconds / 1e9, 1),
        "ceiling_gflop_per_s": round(ceiling(device.type, trainer.precision), 1),
    }


def _wait(device: str) -> None:
    """Until an accelerator has done what it was given."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def ceiling(device: str, precision: str) -> float:
    """GFLOP/s of one 3x3 convolution of 256 channels, forward and backward."""
    import torch

    layer = torch.nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1).to(device)
    shape = (_BATCH, _CHANNELS, _SIDE, _SIDE)
    features = torch.rand(shape, device=device, requires_grad=True)
    layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    features_ = features.to(memory_format=torch.channels_last)

    def run() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            layer(features_).float().mean().backward()
        _wait(device)

    run()
    best = 1e9
    for _ in range(5):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return 6 * 9 * _CHANNELS**2 * _SIDE**2 * _BATCH / best / 1e9


def main() -> None:
    """Print a row for each configuration."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("given", nargs="+", help="configurations, and key=value for all of them")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    overrides = tuple(text for text in options.given if "=" in text)
    configs = [Path(text) for text in options.given if "=" not in text]
    if options.one:
        print(json.dumps(measure(configs[0], overrides, options.steps)))
        return
    print(
        "| configuration | device | ms a step | drawing | images/s | GFLOP/s | of ceiling "
        "| against first |"
    )
    print("|---" * 8 + "|")
    first = 0.0
    for config in configs:
        command = [sys.executable, "-m", "benchmarks.training", str(config), *overrides]
        command += ["--steps", str(options.steps), "--one"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        first = first or row["ms_per_step"]
        share = row["gflop_per_s"] / row["ceiling_gflop_per_s"]
        print(
            f"| {row['config']} | {row['device']} | {row['ms_per_step']} | {row['drawing']:.0%} | "
            f"{row['images_per_s']} | {row['gflop_per_s']} | {share:.0%} | "
            f"{row['ms_per_step'] / first:.2f}x |",
            flush=True,
        )


if __name__ == "__main__":
    main()
