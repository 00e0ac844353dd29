"""Pace and memory of deraining a clip, stage by stage.

    python -m benchmarks.video [--model base] [--sizes 640x480 1280x720 1920x1080] [--frames 9]
                               [--threads 2]

Each size runs in a process of its own, so that peak memory is that run's, on a clip in H.264 that
is made on the spot by another one: drawn texture, a panning camera, rain of every kind. Stages are
timed one after the other, as ``VideoDerainer`` goes through them, on frames that have all their
neighbours; the command line does decoding and encoding beside the rest, so it is no slower than
``in turn``. ``network`` is what the single-picture network costs where the gate asks for it, which
is on that share of the frame here; other clips need more or less. Timings are noisy; compare within
one table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZES = ("640x480", "1280x720", "1920x1080")
STAGES = ("decode", "flow", "warp", "ranks", "gate", "network", "encode")
_RATE = 25
_OCTAVES = (4, 16, 64, 256)  # squares across the texture that the camera pans over

Pixels = NDArray[np.uint8]


class Watch:
    """Seconds of each stage, frame by frame."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[stage].append(time.perf_counter() - began)


def make(path: Path, width: int, height: int, frames: int) -> None:
    """Write a clip in rain, in this process."""
    import av

    from derain.rain.clips import ClipStyle, make_clip

    style = ClipStyle(
        frames=frames, height=height, width=width, cameras=("pan",), near=(0, 0), moving=(0, 0),
        rain=("every",),
    )  # fmt: skip
    clip = make_clip([_texture(width + width // 2, height + height // 2)], style, 0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=_RATE, options={"crf": "16", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for pixels in clip.rainy:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        out.mux(stream.encode(None))


def _texture(width: int, height: int) -> Pixels:
    """Soft and fine noise over each other, as photographs have it."""
    import cv2

    rng = np.random.default_rng(0)
    layers = [
        cv2.resize(rng.random((count, count, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
        for count in _OCTAVES
    ]
    mixed = np.sum([layer / (k + 1) for k, layer in enumerate(layers)], axis=0)
    mixed = (mixed - np.min(mixed)) / np.ptp(mixed)
    return np.asarray((30 + 180 * mixed).astype(np.uint8))


def measure(path: Path, threads: int, model: str) -> dict[str, Any]:
    """Derain a clip stage by stage, in this process."""
    import resource

    import cv2

    from derain import Derainer
    from derain.clips.codecs import choose_encoding
    from derain.clips.container import probe
    from derain.clips.decode import Damage, Span, read_frames
    from derain.clips.encode import SegmentEncoder
    from derain.clips.frames import Frame
    from derain.restore.temporal import RADIUS, LearntGate
    from derain.restore.temporal.motion import Motion
    from derain.restore.temporal.still import Still
    from derain.restore.temporal.window import gather
    from derain.zoo import load_gate

    cv2.setNumThreads(threads)
    info, watch, motion = probe(path), Watch(), Motion()
    gate, derainer = LearntGate(load_gate()), Derainer(model)
    derainer(np.zeros((64, 64, 3), np.uint8))
    still = Still(lambda frame: derainer(frame))
    encoding, _ = choose_encoding(info.codec, info.pix_fmt, info.seen_size, None, None, path.suffix)
    encoder = SegmentEncoder(info, encoding, info.seen_size)
    held: dict[int, Frame] = {}
    frames, needed = read_frames(info, Span(), Damage()), []
    while True:
        with watch("decode"):
            frame = next(frames, None)
        if frame is None:
            break
        held[frame.index] = frame
        at = frame.index - RADIUS
        with watch("flow"):
            motion.add(frame.index, frame.colour)
            window = motion.shot(at, max(0, at - RADIUS), frame.index) if at >= 0 else range(0)
            for other in window:
                if other != at:
                    motion.seen(at, other)
        if at < 0:
            continue
        with watch("warp"):
            colours = {number: held[number].colour for number in window}
            evidence = gather(colours, at, window, motion)
        with watch("ranks"):
            _ = evidence.near, evidence.median, evidence.extremes, evidence.seen
        with watch("gate"):
            fused = gate(evidence)
        with watch("network"):
            restored = still(held[at].colour, fused)
        needed.append(float(fused.need.mean()))
        with watch("encode"):
            pixels = np.rint(np.clip(restored, 0, 255)).astype(np.uint8)
            encoder.add(Frame(pixels, None, held[at].pts, held[at].duration, at))
        motion.forget(at - RADIUS + 1)
        held = {number: kept for number, kept in held.items() if number > at - RADIUS}
    with watch("last packets"):
        encoder.write(path.with_suffix(".coded"))
    # Encoders work behind; what is left at the end is shared out.
    late = watch.seconds["last packets"][0] / len(watch.seconds["encode"])
    seconds = {stage: float(np.mean(watch.seconds[stage][-RADIUS:])) for stage in STAGES}
    seconds["decode"] = float(np.mean(watch.seconds["decode"]))
    seconds["encode"] = float(np.mean(watch.seconds["encode"])) + late
    return {
        "width": info.width,
        "height": info.height,
        "ms": {stage: round(1e3 * s, 1) for stage, s in seconds.items()},
        "frames_per_s": round(1 / sum(seconds.values()), 2),
        "needed": round(float(np.mean(needed)), 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _apart(threads: int, model: str, *arguments: str) -> Any:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    options = ["--threads", str(threads), "--model", model, "--one", *arguments]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.video", *options],
        stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, **dict.fromkeys(names, str(threads))},
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="base", help="the network of single pictures")
    parser.add_argument("--sizes", nargs="+", default=list(SIZES))
    parser.add_argument("--frames", type=int, default=9, help="of the clip, at least 9")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, path, *rest = options.one
        if kind == "make":
            make(Path(path), *map(int, rest))
        measures = kind == "measure"
        row = measure(Path(path), options.threads, options.model) if measures else None
        print(json.dumps(row))
        return
    if options.frames < 9:
        parser.error("--frames must be at least 9: a frame has three neighbours on either side")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {options.threads} threads, "
        f"{options.model}, Python {platform.python_version()}\n"
    )
    print("| size | " + " | ".join(f"{s} ms" for s in STAGES) + " | in turn, fps | network on"
          " | peak MB |")  # fmt: skip
    print("|---" * (len(STAGES) + 4) + "|")
    for size in options.sizes:
        width, _, height = size.partition("x")
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/clip.mp4"
            of = options.threads, options.model
            _apart(*of, "make", path, width, height, str(options.frames))
            row = _apart(*of, "measure", path)
        cells = " | ".join(f"{row['ms'][stage]:g}" for stage in STAGES)
        print(
            f"| {size} | {cells} | {row['frames_per_s']:g} | {row['needed']:.0%} "
            f"| {row['peak_mb']} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
