"""Clips made on the spot, and what is asked of a server about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.clips.made import Made, make, times
from tests.serve.conftest import becomes, shown

FRAMES = 12


def clip(folder: Path, name: str = "rain.mp4", **how: Any) -> bytes:
    """The file of a clip of 12 frames and a sound, unless told otherwise."""
    return make(folder / name, Made(**how)).read_bytes()


def long_clip(folder: Path) -> bytes:
    """One on which the server works for many seconds, at any pace."""
    return clip(folder, "long.mp4", size=(320, 240), times=times(2000, 512), sound=())


def sent(client: httpx.Client, data: bytes, query: str = "") -> str:
    """Send a clip; its address."""
    answer = client.post(f"/v1/clips{query}", content=data)
    assert answer.status_code == 202, answer.text
    address = answer.headers["location"]
    assert address == f"/v1/clips/{answer.json()['id']}"
    return str(address)


def status(client: httpx.Client, address: str) -> str:
    return str(client.get(address).json()["status"])


def ended(client: httpx.Client, address: str) -> dict[str, Any]:
    """What is told of a clip once it has ended."""
    assert becomes(lambda: status(client, address) not in ("waiting", "working"), 60)
    told: dict[str, Any] = client.get(address).json()
    return told


def outcomes(client: httpx.Client, outcome: str) -> float:
    """How many clips came to this end."""
    return shown(client, f'derain_clips_total{{outcome="{outcome}"}}')


def disk(client: httpx.Client) -> float:
    """Bytes that clips have taken."""
    return shown(client, "derain_clip_disk_taken_bytes")


def left(folder: Path) -> list[Path]:
    """Files of clips in a server's folder."""
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
