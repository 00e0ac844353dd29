"""What all tests share: pictures with free terms, the shipped models, small training data."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.rain import RainSynthesizer, rain_preset

Pixels = NDArray[np.uint8]

# Tests run side by side, a file to a worker: more threads each would only wait for each other.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts a job in the background, or `nohup`, has it ignore these, and its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that signal their own process would end a worker."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        for item in items:
            if "alone" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs -n 0 -m alone"))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs remember of pictures stays out of the user's cache, in child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def photo() -> Pixels:
    """A photograph, (300, 451, 3): odd sides (skimage's cat, CC0)."""
    return np.ascontiguousarray(skimage.data.chelsea())


@pytest.fixture(scope="session")
def photos() -> list[Pixels]:
    """Free photographs of one size, (256, 256, 3) each."""
    pictures = (
        skimage.data.astronaut(),
        skimage.data.coffee(),
        skimage.data.chelsea(),
        skimage.data.rocket(),
    )
    return [np.ascontiguousarray(picture[:256, :256]) for picture in pictures]


@pytest.fixture(scope="session")
def rainy(photos: list[Pixels]) -> Pixels:
    """A photograph in synthesised rain, (256, 256, 3)."""
    clean = torch.from_numpy(photos[2]).permute(2, 0, 1)[None] / 255
    sample = RainSynthesizer(rain_preset("light"))(clean, torch.Generator().manual_seed(0))
    return (sample.rainy[0] * 255).round().byte().permute(1, 2, 0).contiguous().numpy()


@pytest.fixture(scope="session")
def fast() -> Derainer:
    """The shipped ``fast`` model on the default backend of the base install."""
    return Derainer("fast", backend="onnxruntime")


@pytest.fixture(scope="session")
def base() -> Derainer:
    """The shipped ``base`` model on the default backend of the base install."""
    return Derainer("base", backend="onnxruntime")


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Saves pixels under a name in the test's folder."""

    def _save(name: str, pixels: Pixels, **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
        return path

    return _save


@pytest.fixture
def data_root(tmp_path: Path, photos: list[Pixels]) -> Path:
    """Eight scenes in pairs, side by side, eight clean photographs and eight rainy ones alone."""
    rng = np.random.default_rng(0)
    for folder in ("pairs", "clean", "photos"):
        (tmp_path / folder).mkdir()
    for index in range(8):
        photo = photos[index % 4][(index // 4) * 120 :][:120, :160]
        streaks = (rng.random(photo.shape[:2]) < 0.02)[..., None] * 90
        rainy = np.clip(photo + streaks, 0, 255).astype(np.uint8)
        pair = np.concatenate([photo, rainy], axis=1)
        Image.fromarray(pair).save(tmp_path / "pairs" / f"{index}.png")
        Image.fromarray(photo[:, ::-1]).save(tmp_path / "clean" / f"{index}.png")
        Image.fromarray(rainy).save(tmp_path / "photos" / f"{index}.png")
    return tmp_path


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster of one node with a processor, to which a test may add more."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    soon = {"health_check_period_ms": 500, "health_check_failure_threshold": 2}
    soon |= {"health_check_initial_delay_ms": 0}
    head = {"num_cpus": 1, "_system_config": soon, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    yield cluster
    ray.shutdown()
    cluster.shutdown()
