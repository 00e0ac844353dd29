"""Lazy data is the same data, to the bit, whatever is kept of it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from derain.data import spread
from derain.errors import ConfigError, DatasetError
from derain.training import TrainConfig, Trainer
from derain.training.batches import BatchSource, PairPool, Pool
from derain.training.dataset import Loaded, load_data
from derain.training.pictures import PictureCache
from tests.training.conftest import through_run

Make = Callable[..., TrainConfig]
Pixels = NDArray[np.uint8]
CPU = torch.device("cpu")


def data(root: Path, **changes: object) -> dict[str, object]:
    """All that can be lazy: pairs, views, photographs, and rain that pairs and streaks lend."""
    synthesis = {"name": "rain", "paths": ["clean"], "preset": "wide", "streaks": "streaks",
                 "lenders": ["pairs"]}  # fmt: skip
    view = {"resized": 0.5, "turned": 0.5, "defocused": 0.5}
    return {
        "root": str(root),
        "validation_share": 0.4,
        "pairs": [
            {"name": "pairs", "path": "pairs", "layout": "side-by-side", "view": view},
            {"name": "again", "path": "two"},
        ],
        "synthesis": [
            synthesis,
            {"name": "dry", "paths": ["clean"], "preset": "dry", "view": view},
        ],
        **changes,
    }


@pytest.fixture
def root(data_root: Path, photos: list[Pixels]) -> Path:
    """Beside the usual data: streaks, and pairs in two folders."""
    for folder in ("streaks", "two/input", "two/target"):
        (data_root / folder).mkdir(parents=True)
    Image.fromarray(np.full((60, 70, 3), 90, np.uint8)).save(data_root / "streaks" / "0.png")
    for index in range(8):
        photo = np.ascontiguousarray(photos[index % 4][90:200, 40:150].swapaxes(0, index // 4))
        Image.fromarray(photo).save(data_root / "two" / "target" / f"{index}.png")
        Image.fromarray(255 - photo).save(data_root / "two" / "input" / f"{index}.png")
    return data_root


def keep_only(monkeypatch: pytest.MonkeyPatch, limit: int) -> PictureCache:
    """Data that is loaded from now on keeps at most so many bytes."""
    cache = PictureCache(limit)
    monkeypatch.setattr("derain.training.sources.picture_cache", lambda _: cache)
    return cache


def tensor(path: Path, columns: slice = slice(None)) -> torch.Tensor:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))[:, columns]
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def eager(pool: Pool, root: Path, held: list[str]) -> Pool:
    """The same pool over pictures in memory, read by Pillow alone."""
    names = [f"{n}.png" for n in range(8)]
    if pool.name == "pairs":
        kept = [root / "pairs" / n for n in names if f"pairs/{n[0]}" not in held]
        left, right = slice(0, 160), slice(160, 320)
        return replace(pool, pairs=[(tensor(p, right), tensor(p, left)) for p in kept])
    if pool.name == "again":
        kept = [root / "two" / "input" / n for n in names if f"again/{n[0]}" not in held]
        return replace(
            pool, pairs=[(tensor(p), tensor(root / "two/target" / p.name)) for p in kept]
        )
    kept = [root / "clean" / n for n in names if f"clean/{n}" not in held]
    return replace(pool, photos=[tensor(p) for p in kept])


def batches(pools: list[Pool], steps: list[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    source = BatchSource(pools, 6, 48, 5, CPU)
    return [source(step) for step in steps]


@pytest.mark.parametrize("limit", [0, 300_000, 1 << 30])
def test_batches_are_those_of_an_eager_reading(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """In any order, too: a batch depends on its step, not on what was read before."""
    cache = keep_only(monkeypatch, limit)
    loaded = load_data(make(data=data(root)).data, CPU)
    read = [eager(pool, root, loaded.split[pool.name]) for pool in loaded.pools]
    lent = [(r.short() - c.short()).amax(0).clamp(min=0).byte() for r, c in read[0].pairs]  # type: ignore[union-attr]
    for pool in read[2:]:
        pool.synthesizer._draws["extracted"].layers = lent if pool.name == "rain" else []  # type: ignore[union-attr, attr-defined]
    steps = [0, 1, 2, 3, 4, 5]
    expected = batches(read, steps)
    fresh = load_data(make(data=data(root)).data, CPU).pools
    for order in (steps, steps[::-1]):
        got = dict(zip(order, batches(fresh, order), strict=True))
        for step in steps:
            for a, b in zip(got[step], expected[step], strict=True):
                assert torch.equal(a, b)
                assert a.is_contiguous()
        assert cache.held <= limit
    assert bool(cache.held) is bool(limit)


def everything_held(loaded: Loaded) -> dict[str, list[tuple[str, bytes, bytes]]]:
    return {
        source: [(name, rainy.tobytes(), clean.tobytes()) for name, rainy, clean in items]
        for source, items in {**loaded.held_pairs, "rain-free": loaded.rain_free()}.items()
    }


def test_what_is_held_out_is_the_same_each_time(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_only(monkeypatch, 0)
    loaded = load_data(make(data=data(root)).data, CPU)
    first = everything_held(loaded)
    assert everything_held(loaded) == first
    assert set(first) == {"pairs", "again", "rain", "rain-free"}
    for source in ("pairs", "again", "rain"):
        assert [name for name, *_ in first[source]] == loaded.split[source]
    assert [name for name, *_ in first["rain-free"]] == sorted(set(loaded.split["dry"]))
    for name, rainy, clean in first["rain-free"]:
        assert rainy == clean
        assert rainy == np.asarray(Image.open(root / name)).tobytes()
    for name, rainy, clean in first["pairs"]:
        both = np.asarray(Image.open(root / f"{name}.png"))
        assert (rainy, clean) == (both[:, 160:].tobytes(), both[:, :160].tobytes())


@pytest.mark.parametrize(
    ("seed", "pairs", "rain"),
    [
        (0, ["6"], ["0", "3", "4", "5"]),
        (2, ["1", "5"], ["1", "4", "6"]),
    ],
)
def test_held_out_scenes_are_what_they_always_were(
    make: Make, data_root: Path, seed: int, pairs: list[str], rain: list[str]
) -> None:
    """Models are compared on them: these are the first release's."""
    config = make()
    loaded = load_data(replace(config.data, split_seed=seed), CPU)
    assert loaded.split == {
        "pairs": [f"pairs/{n}" for n in pairs],
        "rain": [f"clean/{n}.png" for n in rain],
    }
    assert loaded.counts == {"pairs": 8 - len(pairs), "rain": 8 - len(rain)}


def test_nothing_is_decoded_by_a_second_start(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make(data=data(root)).data
    keep_only(monkeypatch, 0)
    first = load_data(config, CPU)

    def refuse(path: Path) -> Pixels:
        raise AssertionError(f"{path} is decoded")

    with monkeypatch.context() as patch:
        patch.setattr("derain.training.pictures.read_rgb", refuse)
        second = load_data(config, CPU)
        assert second.split == first.split
        with pytest.raises(AssertionError, match="is decoded"):
            second.pools[0].pairs[0]  # type: ignore[union-attr]
    assert everything_held(second) == everything_held(first)


@pytest.mark.parametrize("damage", ["torn", "another size"])
def test_damage_is_named_before_the_first_step_of_a_later_start_too(
    make: Make, root: Path, damage: str
) -> None:
    config = make(data=data(root)).data
    load_data(config, CPU)
    path = root / "two" / "input" / "3.png"
    if damage == "torn":
        path.write_bytes(path.read_bytes()[:-500])
    else:
        Image.new("RGB", (9, 7)).save(path)
    with pytest.raises(DatasetError, match=r"input/3\.png"):
        load_data(config, CPU)


def test_what_has_no_partner_is_told(make: Make, root: Path) -> None:
    (root / "two" / "input" / "3.png").unlink()
    told: list[str] = []
    loaded = load_data(make(data=data(root)).data, CPU, told.append)
    assert loaded.counts["again"] + len(loaded.split["again"]) == 7
    (line,) = (line for line in told if "partner" in line)
    assert line.startswith("again: 1 pictures") and line.endswith("3.png")


@pytest.mark.parametrize("vanishes", [False, True])
def test_a_file_that_changes_during_a_run_ends_it(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch, vanishes: bool
) -> None:
    keep_only(monkeypatch, 0)
    source = BatchSource(load_data(make(data=data(root)).data, CPU).pools, 6, 32, 0, CPU)
    source(0)
    for path in (root / "pairs").iterdir():
        path.unlink() if vanishes else Image.new("RGB", (320, 120)).save(path)
    message = "cannot be read" if vanishes else "has changed since the run began"
    with pytest.raises(DatasetError, match=rf"pairs/\d\.png: {message}"):
        deque(map(source, range(1, 20)), maxlen=0)


def test_memory_changes_no_batch_and_may_change_between_runs(make: Make, root: Path) -> None:
    first = make(data=data(root, memory=1), steps=3)
    folder = through_run(first)
    config = json.loads((folder / "config.json").read_text())
    assert config["data"]["memory"] == 1
    assert Trainer(make(data=data(root, memory=5), steps=3)).step == 3
    with pytest.raises(ConfigError, match="'data'"):
        Trainer(make(data=data(root, split_seed=1), steps=3))
    with pytest.raises(ConfigError, match=r"data\.memory"):
        make(data=data(root, memory=-1))


def test_a_source_may_leave_its_layout_to_be_found(make: Make, root: Path) -> None:
    loaded = load_data(make(data=data(root)).data, CPU)
    pool = next(pool for pool in loaded.pools if pool.name == "again")
    assert isinstance(pool, PairPool)
    for rainy, clean in spread(pool.pairs, 2):
        assert torch.equal(rainy, 255 - clean)


def test_a_limit_takes_pictures_evenly(make: Make, data_root: Path) -> None:
    config = make().data
    loaded = load_data(replace(config, limit=4, validation_share=0.5), CPU)
    for source, ending in (("pairs", ""), ("clean", ".png")):
        held = loaded.split["pairs" if source == "pairs" else "rain"]
        assert set(held) <= {f"{source}/{n}{ending}" for n in (0, 2, 4, 6)}
    assert len(loaded.pools[0].pairs) + len(loaded.split["pairs"]) == 4  # type: ignore[union-attr]
