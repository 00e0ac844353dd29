"""What a run starts from: the shipped rain branch, and a precision that does not change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from derain.errors import ConfigError
from derain.nn import build_network, load_network, save_network
from derain.training import TrainConfig, Trainer, start
from derain.training.config import OptimizerConfig
from derain.training.schedule import learning_rate
from derain.training.start import precision_of, processor, start_network
from tests.training.conftest import resumed_run, through_run

Make = Callable[..., TrainConfig]
MODELS = Path(__file__).parents[2] / "src" / "derain" / "zoo" / "models"
SHIPPED = MODELS / "base.safetensors"
RAIN_ALONE = Path(__file__).parents[2] / "research" / "runs" / "fast-narrow.safetensors"
CPU = torch.device("cpu")
FIRST = {
    "channels": 8, "rain_blocks": 1, "detail_blocks": 1, "pool_window": 6, "detail_unshuffle": 4,
    "first": "detail", "detail_input": "rainy",
}  # fmt: skip


@pytest.fixture(autouse=True)
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trial was made yet in this process."""
    monkeypatch.setattr(start, "_FASTER", {})


@pytest.mark.parametrize(
    "network",
    [{}, {"first": "rain", "detail_input": "both"}, {"detail_channels": 32, "mirrors": 2}],
    ids=["base", "rain first", "wider"],
)
def test_the_shipped_rain_branch_is_gone_on_from(make: Make, network: dict[str, object]) -> None:
    """Alone: whatever detail branch stands beside it is fresh, and tells it nothing yet."""
    config = make(preset="base", network=network, init=str(SHIPPED), init_branches=["rain"])
    started, shipped = start_network(config), load_network(SHIPPED)
    ours, theirs = (n.part("rain").state_dict() for n in (started, shipped))
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)
    rainy = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in shipped.get_submodule("detail.context.carry").parameters():
            parameter.zero_()
        layers, expected = (n.train()(rainy) for n in (started, shipped))
    assert not layers.detail.any()
    torch.testing.assert_close(layers.clean, expected.coarse)


def test_weights_are_mixed_with_others(make: Make, tmp_path: Path) -> None:
    """A quarter of the way to the others in one branch, not at all in the other."""
    paths = [tmp_path / f"{name}.safetensors" for name in "ab"]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        save_network(build_network(make().network_config), path)
    blend = {"init": str(paths[1]), "share": 0.25}
    ours = start_network(make(init=str(paths[0]), blend=blend)).state_dict()
    a, b = (load_network(path).state_dict() for path in paths)
    for name, value in ours.items():
        share = 0.25 if name.startswith("rain") and value.is_floating_point() else 0
        torch.testing.assert_close(value, a[name] + share * (b[name] - a[name]))
    with pytest.raises(ConfigError, match="'rain' is not taken over"):
        make(init=str(paths[0]), init_branches=["detail"], blend=blend)
    with pytest.raises(ConfigError, match="no branch 'snow'"):
        make(init=str(paths[0]), init_branches=["snow"], blend={**blend, "branches": ["snow"]})


def test_a_thinner_branch_takes_some_of_the_blocks(make: Make) -> None:
    """The others are as if their second convolution and its gate added nothing."""
    kept = {"rain": [0, 2, 3], "detail": [1]}
    blocks = {f"{name}_blocks": len(keep) for name, keep in kept.items()}
    config = make(preset="base", network=blocks, init="base", init_blocks=kept)
    thin, whole = start_network(config), load_network(SHIPPED)
    with torch.no_grad():
        for name in whole.config.parts:
            for index, block in enumerate(whole.get_submodule(f"{name}.blocks").children()):
                if index not in kept[name]:
                    for value in block.second.parameters():
                        value.zero_()
        rainy = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(thin.train()(rainy), whole.train()(rainy))


@pytest.mark.parametrize("keep", [[], [0, 0], [2, 1], [-1, 0], [0, 14]])
def test_blocks_that_a_branch_has_not_are_refused(make: Make, keep: list[int]) -> None:
    config = make(preset="base", init="base", init_blocks={"rain": keep})
    with pytest.raises(ConfigError, match=r"init=base: its rain branch has 14 blocks, from 0"):
        start_network(config)


def test_a_detail_branch_that_goes_first_brings_its_context(make: Make, tmp_path: Path) -> None:
    torch.manual_seed(3)
    config = make(network=FIRST)
    source = build_network(config.network_config)
    for parameter in source.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    save_network(source, tmp_path / "first.safetensors")
    again = start_network(make(network=FIRST, init=str(tmp_path / "first.safetensors")))
    ours, theirs = again.state_dict(), source.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    trainer = Trainer(make(network=FIRST, frozen=["detail"]))
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    assert trainer.run()
    after = trainer.network.state_dict()
    moved = {name.partition(".")[0] for name in after if not torch.equal(after[name], before[name])}
    assert moved == {"rain"}


@pytest.mark.parametrize("network", [FIRST, {**FIRST, "first": "rain", "detail_input": "both"}])
def test_both_arrangements_resume_to_the_bit(
    make: Make, tmp_path: Path, network: dict[str, object]
) -> None:
    through, resumed = (
        load_network(run(make(out=str(tmp_path / n), network=network)) / "network.safetensors")
        for n, run in (("a", through_run), ("b", resumed_run))
    )
    ours, theirs = through.state_dict(), resumed.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_what_does_not_fit_is_named(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"init=.*fast-narrow\.safetensors: .*no detail branch"):
        start_network(make(preset="base", network={}, init=str(RAIN_ALONE)))
    with pytest.raises(ConfigError, match=r"init=.*base\.safetensors: holds another network"):
        start_network(make(init=str(SHIPPED), init_branches=["rain"]))
    with pytest.raises(ConfigError, match=r"none\.safetensors: no such weight file"):
        start_network(make(init=str(tmp_path / "none.safetensors")))


def trial(monkeypatch: pytest.MonkeyPatch, faster: torch.dtype | None) -> list[torch.dtype]:
    """Let one precision win, or forbid the trial; gives what was tried."""
    tried: list[torch.dtype] = []

    def seconds(kind: torch.dtype) -> float:
        assert faster is not None, "there should be no trial"
        tried.append(kind)
        return 1.0 if kind == faster else 2.0

    monkeypatch.setattr(start, "_seconds", seconds)
    return tried


def test_auto_is_no_or_bf16(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    auto = make(precision="auto")
    assert precision_of(auto, CPU) in ("no", "bf16")  # by a real trial
    monkeypatch.setattr(start, "_FASTER", {})
    trial(monkeypatch, torch.bfloat16)
    assert precision_of(auto, CPU) == "bf16"
    monkeypatch.setattr(start, "_FASTER", {})
    tried = trial(monkeypatch, torch.float32)
    assert precision_of(auto, CPU) == "no"
    assert precision_of(auto, CPU) == "no" and len(tried) == 2, "one trial a process"
    trial(monkeypatch, None)
    for fixed in ("no", "bf16"):
        assert precision_of(make(precision=fixed), CPU) == fixed
    assert precision_of(auto, torch.device("cuda")) == "bf16"


def test_what_was_found_holds_on_the_same_processor(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    auto = make(precision="auto")
    trial(monkeypatch, None)
    for before in ("bf16", "no"):
        saved = {"precision": before, "processor": processor()}
        assert precision_of(auto, CPU, saved) == before
        assert precision_of(auto, CPU) == before  # the next stage of the same process
    monkeypatch.setattr(start, "_FASTER", {})
    trial(monkeypatch, torch.float32)
    for elsewhere in ({"precision": "bf16", "processor": "another"}, {}):
        assert precision_of(auto, CPU, elsewhere) == "no"


@pytest.mark.parametrize("first", ["no", "bf16"])
def test_a_resumed_run_keeps_its_precision(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Even where a second trial would turn out the other way; the weights are those of one go."""
    kinds = {"no": torch.float32, "bf16": torch.bfloat16}
    (other,) = set(kinds) - {first}
    config = make(out=str(tmp_path / "auto"), precision="auto")
    trial(monkeypatch, kinds[first])
    trainer = Trainer(config)
    assert trainer.precision == trainer.accelerator.mixed_precision == first
    stopped = Trainer(dataclasses.replace(config, time_limit=1e-6))
    assert stopped.run() is None
    monkeypatch.setattr(start, "_FASTER", {})
    trial(monkeypatch, kinds[other])
    resumed = Trainer(config)
    assert resumed.step == 1 and resumed.precision == first
    folder = resumed.run()
    assert folder is not None
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)
    at_once = through_run(make(out=str(tmp_path / "fixed"), precision=first))
    ours, theirs = (load_network(f / "network.safetensors").state_dict() for f in (folder, at_once))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_constant_rate() -> None:
    config = OptimizerConfig(rate=2e-3, warmup=10, schedule="constant")
    rates = [learning_rate(step, 50, config) for step in range(50)]
    assert rates[:10] == pytest.approx([2e-4 * (step + 1) for step in range(10)])
    assert rates[10:] == [2e-3] * 40
    assert learning_rate(49, 5000, config) == rates[49]


def test_a_shipped_model_is_a_start_by_its_name(make: Make) -> None:
    from derain.zoo import load_model

    shipped = load_network(load_model("base").weights_path())
    config = make(init="base", init_branches=["rain"], network=shipped.config.to_dict())
    started = start_network(config).part("rain").state_dict()
    assert all(torch.equal(v, started[k]) for k, v in shipped.part("rain").state_dict().items())


@pytest.mark.parametrize(
    ("init", "hint"),
    [
        ("bass", "no such weight file, and no shipped model"),
        ("runs/a/network.safetensors", "the run with out=runs/a leaves it"),
    ],
)
def test_a_start_that_is_not_there(init: str, hint: str, make: Make) -> None:
    with pytest.raises(ConfigError, match=hint):
        start_network(make(init=init))
