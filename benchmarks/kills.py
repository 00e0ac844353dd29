"""Whether each result of ``derain run`` is there once, whatever goes wrong in between.

    python -m benchmarks.kills [--pictures 10000] [--kills 20] [--places folder bucket] [--seed 0]

Small pictures, one in a thousand of them damaged, go from a folder into a folder, from a bucket
into a bucket (``benchmarks.moody``: slow at times, and at times it answers 503), and through a Ray
cluster of three nodes. Each run is ended by SIGKILL at random moments, while it starts and while it
works, and begun again; on the cluster a worker is killed as often as the driver. Half way the disk
of the folder, a small one of memory that only root can make, is full for a while. At last a run is
left alone, and its results and its manifest are compared with those of a run that nobody disturbed.
A result that is missing, another, or told twice ends the command with code 1.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.scale import make_pictures
from derain.batch import Manifest, open_store

_POISONED = 1000  # one in so many is no picture
_WHILE_IT_STARTS = 0.2  # share of the kills
_FULL = 20  # pictures that a run tells of at most while its disk is full
_EARLY = 1000  # pictures after which memory has its size
_OPTIONS = ["--model", "fast", "--backend", "onnxruntime", "--json"]


class Disk:
    """A small disk of memory, and what fills it.

    Args:
        place: Where it is; a new folder.
        megabytes: Its size.
    """

    def __init__(self, place: Path, megabytes: int) -> None:
        self._place, self._ballast = place, place / ".ballast"
        place.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
        subprocess.run(["mount", *options], check=True)

    def fill(self) -> None:
        """Leave no byte free."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 12)):
                pass

    def empty(self) -> None:
        """Make room again."""
        self._ballast.unlink()

    def close(self) -> None:
        """Take it away."""
        subprocess.run(["umount", str(self._place)], check=True)


class Disturber:
    """Runs a command again and again, and disturbs it.

    Args:
        source, out: Of the run.
        options: Of the run.
        pictures: How many it has.
        kills: How often something is killed, spread over the whole of it.
        seed: Of the moments.
        disk: What is full for a while, instead of one of the kills.

    Attributes:
        starts: How often it was begun.
        accidents: What happened, and how often.
        early, late: Most MiB that one process of it took until its thousandth picture, and at all.
    """

    def __init__(
        self, source: str, out: str, options: list[str], pictures: int, kills: int, seed: int,
        disk: Disk | None = None,
    ) -> None:  # fmt: skip
        self._command = [
            *(sys.executable, "-m", "derain", "run", source, "-o", out),
            *(*_OPTIONS, *options),
        ]
        self._apart, self._rng = pictures / (kills + 1), random.Random(seed)
        self._left, self._fills_at = kills, kills // 2 + 1
        self._workers, self._disk = "--ray" in options, disk
        self._disk_was_full, self._told = False, ""
        self.starts = 0
        self.accidents: Counter[str] = Counter()
        self.early = self.late = 0.0

    def run(self) -> None:
        """Until it ends by itself, undisturbed."""
        while (code := self._once()) == -signal.SIGKILL or self._disk_was_full:
            pass
        if code not in (0, 1):  # 1 for the damaged pictures
            sys.exit(f"{' '.join(self._command)} ended with {code}: {self._told}")

    def _once(self) -> int:
        self.starts += 1
        self._disk_was_full = False
        with (
            tempfile.TemporaryFile() as told,
            subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=told) as process,
        ):
            assert process.stdout is not None
            if self._left and self._rng.random() < _WHILE_IT_STARTS:
                time.sleep(self._rng.uniform(0, 5))
                self._kill(process.pid, "the run")
            at = self._next()
            for row, _ in enumerate(process.stdout, 1):
                if row % 100 == 0:
                    self._weigh(process.pid, row)
                if self._left and row == at:
                    time.sleep(self._rng.uniform(0, 0.1))
                    self._disturb(process)
                    at += self._next()
            code = process.wait()
            told.seek(0)
            self._told = told.read()[-2000:].decode(errors="replace")
            return code

    def _next(self) -> int:
        """Pictures until something happens."""
        return 1 + int(self._rng.uniform(0, 2 * self._apart))

    def _disturb(self, process: subprocess.Popen[bytes]) -> None:
        if self._disk and self._left == self._fills_at:
            self._fill(self._disk, process)
            return
        workers = self._found_workers() if self._rng.random() < 0.5 else []
        if workers:
            self._kill(self._rng.choice(workers), "a worker")
        else:
            self._kill(process.pid, "the run")

    def _fill(self, disk: Disk, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        disk.fill()
        for _ in zip(range(_FULL), process.stdout, strict=False):  # or until it ends of it
            pass
        disk.empty()
        self._disk_was_full = True
        self.accidents["disk full"] += 1
        self._left -= 1

    def _weigh(self, number: int, row: int) -> None:
        with suppress(psutil.Error):
            self.late = max(self.late, psutil.Process(number).memory_info().rss / 2**20)
            if row <= _EARLY:
                self.early = self.late

    def _found_workers(self) -> list[int]:
        if not self._workers:
            return []
        found = []
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::Worker"):
                    found.append(process.pid)
        return found

    def _kill(self, number: int, kind: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
            self.accidents[f"{kind} killed"] += 1
            self._left -= 1


def compare(out: str, whole: str) -> tuple[str, bool]:
    """What became of the pictures, in words, and whether it is as it should be."""
    made, expected = (_results(place) for place in (out, whole))
    rows = list(Manifest(open_store(out)).rows())
    told = Counter(row.source for row in rows if row.done)
    failed = {row.source for row in rows if not row.done} - set(told)
    wrong = sum(made.get(name) != data for name, data in expected.items())
    more = len(set(made) - set(expected))
    twice = sum(count > 1 for count in told.values())
    untold = len(expected) - len(told)
    words = (
        f"{len(expected)} results, {wrong} missing or other, {more} too many; "
        f"{twice} twice in the manifest, {untold} not in it; {len(failed)} damaged pictures told"
    )
    return words, not (wrong or more or twice or untold)


def _results(place: str) -> dict[str, bytes]:
    store = open_store(place)
    return {entry.name: store.read(entry.name) for entry in store.entries()}


@contextmanager
def bucket_server() -> Iterator[None]:
    """``benchmarks.moody`` in a process of its own, with the credentials for it set."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.moody", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true",
    }  # fmt: skip
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        import boto3

        boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(
            Bucket="footage"
        )
        yield
    finally:
        server.kill()
        server.wait()


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a cluster of three nodes, a processor each."""
    from ray.cluster_utils import Cluster

    head: dict[str, Any] = {"num_cpus": 1, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            nodes.add_node(num_cpus=1)
        yield nodes.address
    finally:
        nodes.shutdown()


def main() -> None:
    """Print a line for each place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--size", default="64x48", help="of the pictures")
    parser.add_argument("--kills", type=int, default=20, help="at each place")
    parser.add_argument(
        "--places", nargs="+", choices=["folder", "bucket", "ray"], default=["folder", "bucket"]
    )
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    began, fine = time.perf_counter(), True
    with tempfile.TemporaryDirectory() as place, ExitStack() as opened:
        root = Path(place)
        source, whole = root / "rainy", str(root / "dry")
        make_pictures(source, asked.pictures, width, height)
        for path in sorted(source.rglob("*.jpg"))[::_POISONED]:
            path.write_bytes(path.read_bytes()[:100])
        alone = Disturber(str(source), whole, [], asked.pictures, 0, 0)
        alone.run()
        print(
            f"{asked.pictures} pictures of {asked.size}: {time.perf_counter() - began:.0f} s; at "
            f"most {alone.early:.0f} MiB until picture {_EARLY}, and {alone.late:.0f} MiB at all",
            flush=True,
        )

        def at(name: str, origin: str, out: str, options: list[str], disk: Disk | None) -> None:
            nonlocal fine
            since = time.perf_counter()
            disturber = Disturber(
                origin, out, options, asked.pictures, asked.kills, asked.seed, disk
            )
            disturber.run()
            words, good = compare(out, whole)
            fine &= good
            happened = ", ".join(f"{what} {n} times" for what, n in disturber.accidents.items())
            print(
                f"{name}: {disturber.starts} starts, {happened or 'nothing happened'}; {words}; "
                f"{time.perf_counter() - since:.0f} s",
                flush=True,
            )

        for name in asked.places:
            if name == "folder":
                disk = None
                if os.name == "posix" and os.getuid() == 0:
                    disk = Disk(root / "disk", 64 + asked.pictures // 100)
                    opened.callback(disk.close)
                at(name, str(source), str(root / "disk" / "dry"), [], disk)
            elif name == "bucket":
                opened.enter_context(bucket_server())
                store = open_store("s3://footage/rainy")
                for path in source.rglob("*.jpg"):
                    store.create(path.relative_to(source).as_posix(), path.read_bytes())
                at(name, "s3://footage/rainy", "s3://footage/dry", [], None)
            else:
                address = opened.enter_context(cluster())
                at(name, str(source), str(root / "ray"), ["--ray", address], None)
    print(f"in {time.perf_counter() - began:.0f} s: {'as it should be' if fine else 'WRONG'}")
    sys.exit(not fine)


if __name__ == "__main__":
    main()
