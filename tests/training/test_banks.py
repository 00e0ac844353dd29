"""Training from a bank of rain: to the bit when resumed, and refused before the first step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from derain.errors import ConfigError, DatasetError, DerainError
from derain.nn import load_network
from derain.rain import rain_preset
from derain.rain.bank import make_bank
from derain.rain.families import draws
from derain.training import TrainConfig, Trainer
from derain.training.batches import BatchSource
from derain.training.dataset import load_data
from tests.training.conftest import resumed_run, through_run

Make = Callable[..., TrainConfig]
CPU = torch.device("cpu")


def rained(root: Path, **source: object) -> dict[str, object]:
    """Data with one source of synthesised rain."""
    source = {"name": "rain", "paths": ["clean"], "preset": "light", **source}
    return {"root": str(root), "validation_share": 0.3, "synthesis": [source]}


@pytest.fixture
def bank(data_root: Path) -> Path:
    path = data_root / "light.safetensors"
    make_bank(path, rain_preset("light"), draws({}), 6, 48, 0)
    return path


def test_a_run_from_a_bank_resumes_to_the_bit(make: Make, data_root: Path, bank: Path) -> None:
    data = rained(data_root, bank=str(bank))
    through, resumed = (
        load_network(run(make(out=str(data_root / n), data=data)) / "network.safetensors")
        for n, run in (("a", through_run), ("b", resumed_run))
    )
    ours, theirs = through.state_dict(), resumed.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_what_is_held_out_depends_on_no_bank(make: Make, data_root: Path, bank: Path) -> None:
    banked, drawn = (
        load_data(make(data=rained(data_root, **extra)).data, CPU)
        for extra in ({"bank": str(bank)}, {})
    )
    held = [loaded.held_pairs["rain"] for loaded in (banked, drawn)]
    for ours, theirs in zip(*held, strict=True):
        assert ours[0] == theirs[0]
        assert np.array_equal(ours[1], theirs[1]) and np.array_equal(ours[2], theirs[2])
    batches = [BatchSource(loaded.pools, 4, 32, 0, CPU)(0) for loaded in (banked, drawn)]
    assert torch.equal(batches[0][1], batches[1][1])  # the clean patches
    assert not torch.equal(batches[0][0], batches[1][0])


def refused(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> DerainError:
    """The error of a run that must not take a step."""
    monkeypatch.setattr(Trainer, "train_step", lambda *_: pytest.fail("a step was taken"))
    with pytest.raises(DerainError) as caught:
        Trainer(config).run()
    assert "\n" not in str(caught.value)
    return caught.value


def test_banks_that_do_not_fit_are_told_before_the_first_step(
    make: Make, data_root: Path, bank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bank.read_bytes()
    torn = data_root / "torn.safetensors"
    torn.write_bytes(whole[: len(whole) // 2])
    for changes, kind, named in (
        ({"bank": str(torn)}, DatasetError, "torn.safetensors: not a whole bank"),
        ({"bank": str(bank), "preset": "heavy"}, ConfigError, "was made for another preset"),
        ({"bank": str(data_root / "none")}, ConfigError, "no such file; make it with"),
        ({"bank": str(bank), "preset": "dry"}, ConfigError, "no rain of its own"),
    ):
        error = refused(make(data=rained(data_root, **changes)), monkeypatch)
        assert type(error) is kind and named in str(error)
    large = make(patch=64, data=rained(data_root, bank=str(bank)))
    error = refused(large, monkeypatch)
    assert type(error) is ConfigError and "64 px is larger than the bank's layers of 48" in str(
        error
    )


def test_layers_that_lack_are_told_before_the_first_step(
    make: Make, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever recipe would be drawn first."""
    streaks = data_root / "streaks"
    streaks.mkdir()
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(streaks / "0.png")
    for source, named in (
        ({"preset": "broad"}, "streak layers; give their folder"),
        ({"preset": "wide", "streaks": "streaks"}, "name their lenders"),
        ({"preset": "every", "streaks": "streaks"}, "of clips"),
    ):
        error = refused(make(data=rained(data_root, **source)), monkeypatch)
        assert type(error) is ConfigError and named in str(error)
    error = refused(make(data=rained(data_root, preset="broad", streaks="none")), monkeypatch)
    assert type(error) is DatasetError and "none: no such folder" in str(error)
