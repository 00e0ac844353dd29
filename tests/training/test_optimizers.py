"""Muon against torch's own, and which parameters it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from derain.errors import ConfigError
from derain.nn import build_network, preset
from derain.training.config import OptimizerConfig
from derain.training.optimizers import Muon, optimizers_of, orthogonal
from derain.training.trainer import Trainer
from tests.training.conftest import resumed_run, through_run
from tests.training.test_trainer import Make, same, weights


@pytest.mark.parametrize("shape", [(48, 432), (64, 16), (32, 32)])
def test_an_orthogonal_matrix_keeps_its_directions(shape: tuple[int, int]) -> None:
    given = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 7
    left, _, right = torch.linalg.svd(given, full_matrices=False)
    found = left.T @ orthogonal(given) @ right.T
    assert (found - torch.diag(found.diagonal())).abs().max() < 1e-4
    # The smallest singular values of a square matrix stay small; the authors' own range above them.
    assert found.diagonal().median() > 0.65
    assert found.diagonal().max() < 1.25


def test_steps_are_those_of_torch() -> None:
    generator = torch.Generator().manual_seed(2)
    start = torch.randn(24, 96, generator=generator)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    own = Muon([ours], lr=1e-2)
    reference = torch.optim.Muon([theirs], lr=1e-2, weight_decay=0, adjust_lr_fn="match_rms_adamw")
    for _ in range(5):
        ours.grad = torch.randn(24, 96, generator=generator)
        theirs.grad = ours.grad.clone()
        own.step()
        reference.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved  # torch's own multiplies in bfloat16


def test_a_convolution_is_a_matrix_in_every_memory_format() -> None:
    torch.manual_seed(3)
    plain = nn.Conv2d(16, 16, 3, bias=False)
    last = nn.Conv2d(16, 16, 3, bias=False)
    last.load_state_dict(plain.state_dict())
    last = last.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for layer in (plain, last):
        layer(torch.ones(1, 16, 4, 4)).square().sum().backward()
        Muon(layer.parameters(), lr=1e-2).step()
    torch.testing.assert_close(plain.weight, last.weight)


def test_every_parameter_has_one_optimiser_and_the_ends_have_adam() -> None:
    network = build_network(preset("fast"))
    muon, adam = optimizers_of(network, OptimizerConfig(kind="muon"))
    inside, outside = (
        {id(p) for group in each.param_groups for p in group["params"]} for each in (muon, adam)
    )
    assert not inside & outside
    assert inside | outside == {id(p) for p in network.parameters()}
    assert all(w.ndim == 4 for group in muon.param_groups for w in group["params"])
    packed = 3 * 2**2  # a picture unshuffled by 2: what the rain branch reads and gives
    ends = {id(p) for p in network.parameters() if p.ndim == 4 and packed in p.shape[:2]}
    assert ends
    assert ends <= outside


@pytest.mark.parametrize("kind", ["adam", "muon"])
def test_a_branch_learns_at_its_share_of_the_rate(kind: str, make: Make) -> None:
    """Each group's own rate, after a step whose rate the run tells."""
    sizes = {"channels": 16, "rain_blocks": 1, "detail_blocks": 1, "pool_window": 6}
    optimizer = {"kind": kind, "rate": 1e-3, "warmup": 0, "shares": {"rain": 0.25}}
    trainer = Trainer(make(steps=1, network=sizes, optimizer=optimizer))
    trainer.run()
    rates = {
        name: {
            group["lr"]
            for each in trainer._optimizers
            for group in each.param_groups
            if any(parameter is p for p in group["params"])
        }
        for name, parameter in trainer.network.named_parameters()
    }
    for name, rate in rates.items():
        assert rate == {2.5e-4 if name.startswith("rain.") else 1e-3}, name


def test_a_share_for_a_branch_that_is_none_is_refused(make: Make) -> None:
    with pytest.raises(ConfigError, match="there is no branch 'sky'"):
        make(optimizer={"shares": {"sky": 0.5}})


def test_a_run_with_muon_resumes_to_the_bit(make: Make, tmp_path: Path) -> None:
    sizes = {"channels": 16, "rain_blocks": 1, "detail_blocks": 1, "pool_window": 6}
    through, resumed = (
        run(make(out=str(tmp_path / name), optimizer={"kind": "muon"}, network=sizes))
        for name, run in (("a", through_run), ("b", resumed_run))
    )
    assert same(weights(through), weights(resumed))
