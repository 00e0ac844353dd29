"""Memory and pace of ``derain serve`` under many requests.

    python -m benchmarks.serve [--requests 10000] [--clients 4] [--side 64] [--model fast]

A server in a process of its own is asked by so many clients at once, each over a connection that is
kept, for a made picture of ``side`` squared pixels. Resident memory is read after a first hundred
requests and after each tenth of the others: it must stay flat. Seconds are those of the clients, on
the same machine; compare within one table.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import numpy as np
import psutil
from PIL import Image

_FIRST = 100  # requests that set things up


@contextmanager
def server(model: str) -> Iterator[tuple[psutil.Process, str]]:
    """A server that is ready, as a process and its address."""
    command = [sys.executable, "-m", "derain", "serve", "--port", "0", "--model", model]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stderr is not None
            address = next(m[0] for line in child.stderr if (m := re.search("http://[^/]+", line)))
            while httpx.get(f"{address}/readyz").status_code != 200:
                time.sleep(0.1)
            yield psutil.Process(child.pid), address
        finally:
            child.terminate()
            child.communicate()


def picture(side: int) -> bytes:
    """Soft noise as a JPEG, of a few kilobytes."""
    small = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()


async def ask(
    address: str, data: bytes, requests: int, clients: int
) -> tuple[list[float], Counter[int]]:
    """Seconds of every request, and how often each status was answered."""
    seconds, answered, left = list[float](), Counter[int](), iter(range(requests))

    async def client() -> None:
        async with httpx.AsyncClient(base_url=address, timeout=60) as connection:
            for _ in left:
                began = time.perf_counter()
                answer = await connection.post("/v1/derain", content=data)
                seconds.append(time.perf_counter() - began)
                answered[answer.status_code] += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return seconds, answered


def main() -> None:
    """Print a row for each tenth of the requests."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--model", default="fast")
    asked = parser.parse_args()
    data, everything = picture(asked.side), Counter[int]()
    with server(asked.model) as (process, address):
        print("| requests | RSS (MB) | p50 (ms) | p99 (ms) | requests a second |")
        print("|---|---|---|---|---|")
        done = 0
        for count in (_FIRST, *[asked.requests // 10] * 10):
            began = time.perf_counter()
            seconds, answered = asyncio.run(ask(address, data, count, asked.clients))
            pace = count / (time.perf_counter() - began)
            done += count
            everything += answered
            p50, p99 = (statistics.quantiles(seconds, n=100)[at - 1] * 1e3 for at in (50, 99))
            resident = process.memory_info().rss / 1e6
            print(f"| {done} | {resident:.1f} | {p50:.1f} | {p99:.1f} | {pace:.0f} |", flush=True)
    print(f"answers: {dict(everything)}")


if __name__ == "__main__":
    main()
