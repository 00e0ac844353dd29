"""What ``derain run`` costs beside the network itself, and how that grows with the pictures.

    python -m benchmarks.scale [--pictures 200] [--size 640x427] [--names 100000] [--jobs 0] [--ray]

Three tables, each step in a process of its own:

- time: the network alone on decoded pictures, as many at once as the run does, and runs of a tenth,
  a half and all of the pictures, with their memory; a line through the three tells what a picture
  costs, what a start costs, and how far the three are from a line. With --ray three more runs go
  through clusters of this machine's own;
- names: seconds until all names of a folder of so many are counted, and memory;
- from these, what a million and a billion pictures take on 1, 100 and 1,000 such machines.

Processor seconds are told beside those of the clock, and reckoned with: they mean something on a
busy machine, too. A machine to itself takes them divided by its processors, since as many pictures
as there are processors are at work at once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from derain.batch.side_by_side import side_by_side
from derain.restore import Derainer
from derain.restore.jobs import default_jobs, processors

EXAMPLE = Path(__file__).parents[1] / "examples" / "rainy.jpg"
_DAY = 86400


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: seconds of the clock and of processors, peak MiB."""

    seconds: float
    processor: float
    memory: float


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


def network_alone(folder: Path, jobs: int, model: str) -> Cost:
    """The network on pictures that are decoded already."""
    derainer = Derainer(model, jobs=jobs)
    pictures = []
    for path in sorted(folder.rglob("*.jpg")):
        with Image.open(path) as picture:
            pictures.append(np.asarray(picture))
    derainer(pictures[0])
    began, worked = time.perf_counter(), time.process_time()
    for _ in side_by_side(derainer, pictures, jobs):
        pass
    return Cost(time.perf_counter() - began, time.process_time() - worked, 0)


def run(source: Path, out: Path, options: list[str]) -> Cost:
    """A whole run."""
    command = [sys.executable, "-m", "derain", "run", str(source), "-o", str(out), *options]
    began, peak = time.perf_counter(), 0
    worked: dict[int, float] = {}
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            resident = 0
            for member in _family(watched):
                try:
                    with member.oneshot():
                        resident += member.memory_info().rss
                        worked[member.pid] = sum(member.cpu_times()[:2])
                except psutil.Error:
                    continue
            peak = max(peak, resident)
            time.sleep(0.05)
        told = process.stderr.read().decode() if process.stderr else ""
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}: {told}")
    return Cost(time.perf_counter() - began, sum(worked.values()), peak / 2**20)


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def measure_time(root: Path, asked: argparse.Namespace, jobs: int) -> tuple[float, float]:
    """Print the first table; gives processor seconds a picture and for a start."""
    options = ["--model", asked.model, "--quiet"]
    width, height = map(int, asked.size.split("x"))
    counts = sorted({max(1, asked.pictures // part) for part in (10, 2, 1)})
    for count in counts:
        make_pictures(root / str(count), count, width, height)
    # In a process of its own, so that its threads and its memory are none of the runs'.
    with get_context("spawn").Pool(1) as pool:
        alone = pool.apply(network_alone, (root / str(counts[-1]), jobs, asked.model))
    print(f"{asked.model}, {asked.size}, {jobs} at once, {processors()} processors")
    print("pictures            seconds  processor seconds  each  peak MiB")
    _row(f"{counts[-1]}, network alone", counts[-1], alone)
    each, start = _measure_runs(root, counts, [*options, "--jobs", str(jobs)], "", alone)
    if asked.ray:
        _measure_runs(root, counts, [*options, "--ray", "local"], " --ray", alone)
    return each, start


def _measure_runs(
    root: Path, counts: list[int], options: list[str], name: str, alone: Cost
) -> tuple[float, float]:
    """Rows of runs with one more option, and a line through them."""
    costs = []
    for count in counts:
        costs.append(run(root / str(count), root / f"{count}-dry{name}", options))
        _row(f"{count}{name}", count, costs[-1])
    each, start = np.polyfit(counts, [cost.processor for cost in costs], 1)
    off = max(
        abs(cost.processor / (start + each * count) - 1)
        for count, cost in zip(counts, costs, strict=True)
    )
    print(
        f"a line through the runs: {each:.4f} processor seconds a picture, "
        f"{each / (alone.processor / counts[-1]):.2f} times the network alone, and {start:.1f} to "
        f"start; no run is more than {100 * off:.0f} % off; {counts[-1] / counts[0]:.0f} times the "
        f"pictures take {costs[-1].memory / costs[0].memory:.2f} times the memory"
    )
    return float(each), float(start)


def _row(name: str, count: int, cost: Cost) -> None:
    each = cost.processor / count
    memory = f"{cost.memory:.0f}" if cost.memory else ""
    print(f"{name:18} {cost.seconds:8.1f}  {cost.processor:17.1f}  {each:.3f}  {memory:>7}")


def measure_names(root: Path, count: int, model: str) -> float:
    """Print the second table; gives processor seconds a name."""
    for name in ("few", "names"):
        for index in range(count if name == "names" else 1):
            folder = root / name / f"{index // 1000:05d}"
            if index % 1000 == 0:
                folder.mkdir(parents=True)
            (folder / f"{index:07d}.jpg").touch()
    options = ["--model", model, "--quiet", "--dry-run"]
    few, many = (run(root / name, root / "none", options) for name in ("few", "names"))
    more = many.processor - few.processor
    print(
        f"\n{count} names counted in {many.seconds:.1f} s, {more:.1f} processor seconds more than "
        f"one; peak {many.memory:.0f} MiB, {many.memory - few.memory:.0f} MiB more"
    )
    return max(0.0, more) / count


def print_millions(each: float, start: float, name: float) -> None:
    """Print the third table: every machine lists all names, and does its share of the pictures."""
    each /= processors()  # of which all are at work; names are gone through by one
    print(f"\ndays on machines of {processors()} such processors   a million   a billion")
    for machines in (1, 100, 1000):
        days = [(start + count * (name + each / machines)) / _DAY for count in (1e6, 1e9)]
        print(f"{machines:40,}   {days[0]:9.3f}  {days[1]:10.1f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200, help="10 at least")
    parser.add_argument("--size", default="640x427", help="of the pictures")
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--model", default="fast")
    parser.add_argument("--ray", action="store_true")
    asked = parser.parse_args()
    jobs = asked.jobs or default_jobs(0, "auto", "auto")
    with tempfile.TemporaryDirectory() as place:
        each, start = measure_time(Path(place), asked, jobs)
        name = measure_names(Path(place), asked.names, asked.model)
    print_millions(each, start, name)


if __name__ == "__main__":
    main()
