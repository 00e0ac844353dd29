"""Whether each result of ``derain run`` is there once, whatever is killed in between.

    python -m benchmarks.kills [--pictures 10000] [--kills 20] [--ray] [--seed 0]

Small pictures, one in a thousand of them damaged, go from a folder into a folder and from a bucket
into a bucket (moto's server in a process of its own), and with --ray through a cluster of three
nodes. Each run is ended by SIGKILL at random moments, while it starts and while it works, and
begun again; on the cluster a worker is killed as often as the driver. At last it is left alone, and
its results and its manifest are compared with those of a run that nobody disturbed. A result that
is missing, another, or told twice ends the command with code 1.
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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.scale import make_pictures
from derain.batch import Manifest, open_store

_POISONED = 1000  # one in so many is no picture
_WHILE_IT_STARTS = 0.2  # share of the kills
_OPTIONS = ["--model", "fast", "--backend", "onnxruntime", "--json"]


class Disturber:
    """Runs a command again and again, and kills what belongs to it.

    Args:
        source, out: Of the run.
        options: Of the run.
        pictures: How many it has.
        kills: How often something is killed, spread over the whole of it.
        seed: Of the moments.
        workers: Whether its workers are processes of their own, which die as often as it does.
    """

    def __init__(
        self, source: str, out: str, options: list[str], pictures: int, kills: int, seed: int,
        workers: bool,
    ) -> None:  # fmt: skip
        self._command = [
            *(sys.executable, "-m", "derain", "run", source, "-o", out),
            *(*_OPTIONS, *options),
        ]
        self._apart, self._rng = pictures / (kills + 1), random.Random(seed)
        self._left, self._workers = kills, workers
        self.starts = 0
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        """Until it ends by itself."""
        while (code := self._once()) == -signal.SIGKILL:
            pass
        if code not in (0, 1):  # 1 for the damaged pictures
            sys.exit(f"{' '.join(self._command)} ended with {code}")

    def _once(self) -> int:
        self.starts += 1
        with subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            if self._left and self._rng.random() < _WHILE_IT_STARTS:
                time.sleep(self._rng.uniform(0, 5))
                self._kill(process.pid, "driver")
            at = self._next()
            for row, _ in enumerate(process.stdout, 1):
                if self._left and row == at:
                    time.sleep(self._rng.uniform(0, 0.1))
                    workers = self._found_workers() if self._rng.random() < 0.5 else []
                    if workers:
                        self._kill(self._rng.choice(workers), "worker")
                    else:
                        self._kill(process.pid, "driver")
                    at += self._next()
            return process.wait()

    def _next(self) -> int:
        """Pictures until something is killed."""
        return 1 + int(self._rng.uniform(0, 2 * self._apart))

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
            self.killed[kind] += 1
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
    """A server that does what S3 does, in a process of its own, with the credentials for it set."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from moto.server import main; main()"]
    server = subprocess.Popen(
        [*command, "-H", "127.0.0.1", "-p", str(port)],
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
    parser.add_argument("--ray", action="store_true", help="on a cluster, too")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    began, fine = time.perf_counter(), True
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        source, whole = root / "rainy", str(root / "dry")
        make_pictures(source, asked.pictures, width, height)
        for path in sorted(source.rglob("*.jpg"))[::_POISONED]:
            path.write_bytes(path.read_bytes()[:100])
        Disturber(str(source), whole, [], asked.pictures, 0, 0, workers=False).run()

        def at(name: str, origin: str, out: str, options: list[str]) -> None:
            nonlocal fine
            since = time.perf_counter()
            disturber = Disturber(
                origin, out, options, asked.pictures, asked.kills, asked.seed, bool(options)
            )
            disturber.run()
            words, good = compare(out, whole)
            fine &= good
            killed = ", ".join(f"{count} {kind}" for kind, count in disturber.killed.items())
            print(
                f"{name}: {disturber.starts} starts, killed: {killed or 'nothing'}; {words}; "
                f"{time.perf_counter() - since:.0f} s",
                flush=True,
            )

        print(f"{asked.pictures} pictures of {asked.size}", flush=True)
        at("folder", str(source), str(root / "folder"), [])
        with bucket_server():
            store = open_store("s3://footage/rainy")
            for path in source.rglob("*.jpg"):
                store.create(path.relative_to(source).as_posix(), path.read_bytes())
            at("bucket", "s3://footage/rainy", "s3://footage/dry", [])
        if asked.ray:
            with cluster() as address:
                at("ray", str(source), str(root / "ray"), ["--ray", address])
    print(f"in {time.perf_counter() - began:.0f} s: {'as it should be' if fine else 'WRONG'}")
    sys.exit(not fine)


if __name__ == "__main__":
    main()
