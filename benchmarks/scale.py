"""What ``derain run`` costs beside the network itself, and whether each result is there once.

    python -m benchmarks.scale [--pictures 200] [--names 100000] [--jobs 0] [--kills 20] [--ray]

Four tables, each step in a process of its own:

- time: the network alone on decoded pictures, as many at once as the run does, and the whole run;
- size: seconds and peak memory of runs of a tenth and of all pictures;
- names: seconds until the first picture of a folder of so many names is begun, and memory;
- kills: a run that is killed (SIGKILL, at random moments) again and again, and its results against
  those of a run that was left alone.

With --ray the runs go through a cluster of this machine's own. From the measured seconds a picture
it says what a million and a billion pictures would take on 1, 100 and 1,000 such machines, if the
store keeps up.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from derain.batch.run import default_jobs, processors
from derain.batch.side_by_side import side_by_side
from derain.restore import Derainer

EXAMPLE = Path(__file__).parents[1] / "examples" / "rainy.jpg"
_HOUR = 3600


def make_pictures(folder: Path, count: int, width: int, height: int) -> None:
    """``count`` photographs of which no two are alike, as JPEG, a hundred to a folder."""
    with Image.open(EXAMPLE) as example:
        photo = example.convert("RGB")
        photo = photo.resize((max(photo.width, width + 64), max(photo.height, height + 64)))
    rng = np.random.default_rng(0)
    for index in range(count):
        left = int(rng.integers(0, photo.width - width))
        top = int(rng.integers(0, photo.height - height))
        cut = photo.crop((left, top, left + width, top + height))
        place = folder / f"{index // 100:05d}"
        place.mkdir(parents=True, exist_ok=True)
        cut.save(place / f"{index:07d}.jpg", quality=92)


def network_alone(folder: Path, jobs: int, model: str) -> float:
    """Seconds of the network on pictures that are decoded already."""
    derainer = Derainer(model, threads=max(1, processors() // jobs))
    pictures = [np.asarray(Image.open(path)) for path in sorted(folder.rglob("*.jpg"))]
    derainer(pictures[0])
    began = time.perf_counter()
    for _ in side_by_side(derainer, pictures, jobs):
        pass
    return time.perf_counter() - began


def run(source: Path, out: Path, options: list[str]) -> tuple[float, float]:
    """(seconds, peak MiB of all processes) of a whole run."""
    command = [sys.executable, "-m", "derain", "run", str(source), "-o", str(out), *options]
    began, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                family = [watched, *watched.children(recursive=True)]
                peak = max(peak, sum(member.memory_info().rss for member in family))
            except psutil.Error:
                pass
            time.sleep(0.1)
        told = process.stderr.read().decode() if process.stderr else ""
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}: {told}")
    return time.perf_counter() - began, peak / 2**20


def killed_again_and_again(source: Path, out: Path, options: list[str], kills: int) -> int:
    """A run that is killed at random moments until it has been often enough; gives its starts."""
    command = [sys.executable, "-m", "derain", "run", str(source), "-o", str(out), *options]
    rng, starts = random.Random(0), 0
    while True:
        starts += 1
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(1.5, 6.0) if starts <= kills else None)
        except subprocess.TimeoutExpired:
            victims = [process.pid, *(p.pid for p in psutil.Process(process.pid).children(True))]
            for victim in victims if rng.random() < 0.5 else victims[:1]:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            process.wait()
        if process.returncode in (0, 1):
            return starts


def compare(out: Path, whole: Path) -> str:
    """What is wrong with ``out``, in words."""
    made, expected = (
        {path.relative_to(place): path.read_bytes() for path in place.rglob("*.jpg")}
        for place in (out, whole)
    )
    lines = [
        json.loads(line)
        for path in (out / ".derain").glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]
    told = Counter(line["source"] for line in lines if line.get("status") == "done")
    wrong = sum(made.get(name) != data for name, data in expected.items())
    twice = sum(count > 1 for count in told.values())
    more = len(made) - len(expected)
    return (
        f"{len(expected)} expected: {wrong} missing or other, {more} too many, "
        f"{twice} twice in the manifest, {len(expected) - len(told)} not in it"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--size", default="640x427", help="of the pictures")
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--model", default="fast")
    parser.add_argument("--ray", action="store_true")
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    jobs = asked.jobs or default_jobs()
    options = ["--model", asked.model, "--quiet", *(["--ray", "local"] if asked.ray else [])]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        make_pictures(root / "all", asked.pictures, width, height)
        make_pictures(root / "tenth", max(1, asked.pictures // 10), width, height)
        alone = network_alone(root / "all", jobs, asked.model)
        small, small_peak = run(root / "tenth", root / "tenth-dry", [*options, "--jobs", str(jobs)])
        whole, peak = run(root / "all", root / "dry", [*options, "--jobs", str(jobs)])
        start = max(0.0, (10 * small - whole) / 9)  # what a run takes without any picture
        each = (whole - start) / asked.pictures
        print(f"{asked.pictures} pictures of {asked.size}, {asked.model}, {jobs} at once")
        print(f"the network alone  {alone:8.1f} s")
        print(
            f"the whole run      {whole:8.1f} s, {whole / alone:.2f} times; {start:.1f} s to start"
        )
        print(
            f"a tenth of it      {small:8.1f} s; peak {small_peak:.0f} MiB, of all {peak:.0f} MiB"
        )
        print("\nmachines like this   a million   a billion (days)")
        for machines in (1, 100, 1000):
            days = [each * count / machines / _HOUR / 24 for count in (1e6, 1e9)]
            print(f"{machines:16,}  {days[0]:10.3f}  {days[1]:10.1f}")
        names = root / "names"
        for index in range(asked.names):
            folder = names / f"{index // 1000:05d}"
            if index % 1000 == 0:
                folder.mkdir(parents=True)
            (folder / f"{index:07d}.jpg").touch()
        seconds, peak = run(names, root / "none", [*options, "--dry-run"])
        print(f"\n{asked.names} names counted in {seconds:.1f} s, peak {peak:.0f} MiB")
        shutil.rmtree(names)
        if asked.kills:
            starts = killed_again_and_again(root / "all", root / "killed", options, asked.kills)
            print(
                f"\n{starts} starts, {starts - 1} kills; {compare(root / 'killed', root / 'dry')}"
            )


if __name__ == "__main__":
    main()
