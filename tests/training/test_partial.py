"""A detail branch that learns behind a rain layer which was taken away in part."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from derain.errors import ConfigError
from derain.nn import DRDNetConfig
from derain.training.partial import partly_derained
from tests.nn.test_networks import lively
from tests.training.conftest import resumed_run, through_run
from tests.training.test_trainer import Make, same, weights

SMALL = {"channels": 8, "rain_blocks": 1, "detail_blocks": 1, "pool_window": 6}


def shares(partial: float) -> torch.Tensor:
    """How much of the rain layer was taken away of each of 64 pictures, by least squares."""
    network = lively(DRDNetConfig(**SMALL, unshuffle=2))
    rainy = torch.rand(64, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    coarse = partly_derained(network, rainy, partial, torch.Generator().manual_seed(2))
    assert not coarse.requires_grad
    with torch.no_grad():
        layer = network.part("rain")(rainy)[0]
    taken = rainy - coarse
    share = (taken * layer).sum((1, 2, 3)) / layer.square().sum((1, 2, 3))
    torch.testing.assert_close(taken, share.view(-1, 1, 1, 1) * layer, atol=1e-5, rtol=1e-4)
    return share


def test_the_share_that_is_taken_away() -> None:
    assert torch.allclose(shares(0.0), torch.ones(64), atol=1e-4)
    some = shares(0.5)
    assert 20 <= int((some < 0.999).sum()) <= 44
    every = shares(1.0)
    assert float(every.min()) < 0.1
    assert float(every.max()) < 1
    assert 0.35 < float(every.mean()) < 0.65


def test_such_a_run_resumes_to_the_bit(make: Make, tmp_path: Path) -> None:
    settings = {"frozen": ["rain"], "partial": 0.7, "network": SMALL}
    through, resumed = (
        run(make(out=str(tmp_path / name), **settings))
        for name, run in (("a", through_run), ("b", resumed_run))
    )
    assert same(weights(through), weights(resumed))


@pytest.mark.parametrize(
    "changes", [{"frozen": []}, {"frozen": ["rain"], "teacher": "teacher.safetensors"}]
)
def test_what_it_needs(make: Make, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"partial: needs a frozen rain"):
        make(**{"partial": 0.5, "network": SMALL, **changes})
