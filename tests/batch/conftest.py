"""Small rainy pictures in folders, and a store as buckets are."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Fill = Callable[..., Path]


@pytest.fixture
def fill(tmp_path: Path, rainy: Pixels) -> Fill:
    """Fills a folder with ``count`` pictures of which no two are alike, half of them in ``sub``."""

    def _fill(count: int, name: str = "in", side: int = 48, suffix: str = "png") -> Path:
        folder = tmp_path / name
        (folder / "sub").mkdir(parents=True)
        for index in range(count):
            place = folder / "sub" if index % 2 else folder
            cut = rainy[index : index + side, 2 * index : 2 * index + side]
            Image.fromarray(cut).save(place / f"{index:03}.{suffix}")
        return folder

    return _fill


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a server that does what S3 does, with the credentials for it set."""
    from moto.server import ThreadedMotoServer

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    settings = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for key, value in settings.items():
            patch.setenv(key, value)
        os.environ.pop("AWS_SESSION_TOKEN", None)
        yield settings["AWS_ENDPOINT_URL"]
    server.stop()


@pytest.fixture
def bucket(s3: str, request: pytest.FixtureRequest) -> str:
    """A new bucket's address."""
    import boto3

    name = "b" + hashlib.sha256(request.node.name.encode()).hexdigest()[:20]
    boto3.client("s3", endpoint_url=s3, region_name="us-east-1").create_bucket(Bucket=name)
    return f"s3://{name}"
