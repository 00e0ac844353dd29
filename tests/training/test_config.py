"""Configuration: code first, TOML over it, nothing unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from derain.errors import ConfigError, DatasetError
from derain.nn import DRDNetConfig, build_network, macs_per_pixel
from derain.settings import merge, parse_overrides
from derain.training import TrainConfig, Trainer, load_config
from derain.training.config import OptimizerConfig
from derain.training.schedule import learning_rate
from derain.training.stages import load_stages

FOLDER = Path(__file__).parents[2] / "configs"
INCLUDED = {FOLDER / "data.toml", FOLDER / "photographs.toml"}
CONFIGS = sorted(set(FOLDER.glob("*.toml")) - INCLUDED)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_committed_configurations_load(path: Path) -> None:
    for config in load_stages(path):
        network = config.network_config
        if isinstance(network, DRDNetConfig):
            assert network.unshuffle == (1 if path.stem == "paper" else 2)
        assert path.stem in Path(config.out).parts


@pytest.mark.parametrize("name", ["base", "fast"])
def test_what_ships_holds_both_networks_within_its_budget(name: str) -> None:
    stages = load_stages(FOLDER / f"{name}.toml")
    config = stages[-1]
    network = config.network_config
    assert network.rain_blocks and network.detail_blocks and network.mirrors == 1
    assert macs_per_pixel(build_network(network)) <= {"base": 200_000, "fast": 105_000}[name]
    assert config.patch >= 160
    with_photographs = [stage for stage in stages if stage.real]
    assert sum(s.steps for s in with_photographs) >= sum(s.steps for s in stages) / 5
    assert any(stage.real for stage in stages[-2:])
    for stage in with_photographs:
        assert stage.real and stage.real.rain and stage.real.background and stage.real.augmented


def test_assignments() -> None:
    values = parse_overrides(("steps=10", "optimizer.rate=1e-3", "out=runs/a", "compile=true"))
    assert values == {"steps": 10, "optimizer": {"rate": 1e-3}, "out": "runs/a", "compile": True}
    for wrong in (("steps",), ("=3",), ("a=1", "a.b=2")):
        with pytest.raises(ConfigError):
            parse_overrides(wrong)


@pytest.mark.parametrize(
    ("assignment", "named"),
    [
        ("stepz=1", "stepz"),
        ("optimizer.speed=1", "speed"),
        ("steps=0", "steps"),
        ("precision=fp16", "precision"),
        ("validation.every=0", "every"),
        ("validation.final=-1", "final"),
        ("optimizer.rate=-1e-3", "rate"),
        ("optimizer.ema=1.0", "ema"),
        ("real={paths=['real'], short=-1}", "short"),
        ("real={paths=['real'], short=40}", "short must be at least the patch"),
        ("network.channels=a", "channels"),
        ("steps=many", "steps"),
        ("precision=int8", "precision"),
        ("patch=33", "patch"),
        ("data.validation_share=0", "validation_share"),
        ("network.width=3", "width"),
        ("init_branches=['sun']", "sun"),
        ("init_blocks={moon=[0]}", "moon"),
        ("preset=huge", "huge"),
    ],
)
def test_what_is_wrong_is_named(assignment: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_config(FOLDER / "own.toml", (assignment,))


def test_a_frozen_branch_needs_whole_windows() -> None:
    load_config(FOLDER / "own.toml", ("frozen=['rain']", "network.detail_blocks=1", "patch=192"))
    with pytest.raises(ConfigError, match="patch must be a multiple of 48, not 160: a frozen"):
        load_config(
            FOLDER / "own.toml", ("frozen=['rain']", "network.detail_blocks=1", "patch=160")
        )


def test_a_rain_that_is_none_is_told_before_a_picture_is_read(tmp_path: Path) -> None:
    nowhere = """out = "x"
[[data.synthesis]]
name = "dry"
paths = ["nowhere"]
preset = "fog"
"""
    (tmp_path / "run.toml").write_text(nowhere)
    with pytest.raises(ConfigError, match=r"data\.synthesis 'dry': unknown rain preset 'fog'"):
        load_config(tmp_path / "run.toml")


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("steps = = 3")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(tmp_path / "bad.toml")
    (tmp_path / "empty.toml").write_text('out = "x"')
    with pytest.raises(ConfigError, match="no data"):
        load_config(tmp_path / "empty.toml")


def test_missing_and_damaged_data_are_named_before_the_first_step(
    make: Callable[..., TrainConfig], data_root: Path
) -> None:
    (data_root / "pairs" / "3.png").write_bytes(b"torn")
    with pytest.raises(DatasetError, match=r"3\.png"):
        Trainer(make()).run()
    for path in (data_root / "pairs").iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match="no pictures"):
        Trainer(make()).run()


def test_learning_rate() -> None:
    config = load_config(FOLDER / "own.toml").optimizer
    rates = [learning_rate(step, 1000, config) for step in range(1000)]
    top = config.warmup - 1
    assert rates[0] == pytest.approx(config.rate / config.warmup)
    assert rates[top] == pytest.approx(config.rate)
    assert rates[-1] == pytest.approx(config.rate * config.final_share)
    assert all(a > b for a, b in zip(rates[top + 2 :], rates[top + 3 :], strict=False))


def test_the_releases_drops() -> None:
    """1e-3, a fifth of it from epochs 30, 50 and 80 of 150 on."""
    config = OptimizerConfig(warmup=0, schedule="drops")
    rates = [learning_rate(epoch * 10, 1500, config) for epoch in range(150)]
    expected = [1e-3] * 30 + [2e-4] * 20 + [4e-5] * 30 + [8e-6] * 70
    assert rates == pytest.approx(expected)


def test_sources_are_merged_by_name() -> None:
    """A study's variant changes one source without spelling out the others."""
    base = {"data": {"pairs": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}], "x": [1]}}
    over = {"data": {"pairs": [{"name": "b", "weight": 3}, {"name": "c", "weight": 4}], "x": []}}
    merged = merge(base, over)["data"]
    assert [(pair["name"], pair["weight"]) for pair in merged["pairs"]] == [
        ("a", 1), ("b", 3), ("c", 4),
    ]  # fmt: skip
    assert merged["x"] == []
    assert base["data"]["pairs"][1]["weight"] == 2


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigError, match="rate"):
        load_config(FOLDER / "own.toml", ["optimizer.rate=nan"])


def test_what_a_gate_of_clips_does_not_take() -> None:
    with pytest.raises(ConfigError, match="dimmed: is for pictures"):
        load_config(FOLDER / "gate.toml", ("dimmed=0.5",))
