"""Validation while training runs: views of the sources that are named, under names of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from derain.errors import ConfigError
from derain.metrics import psnr
from derain.nn import build_network
from derain.training import TrainConfig, Trainer
from derain.training.config import ValidationConfig
from derain.training.dataset import load_data
from derain.training.validation import mean_scores, validate

Make = Callable[..., TrainConfig]
CPU = torch.device("cpu")
VIEWS = {"viewed": ["pairs"], "enlarged": [2, 0.5], "turned": [45, 90]}


def test_views_are_scored_under_their_own_names(make: Make) -> None:
    validation = {"every": 3, "images": 1, "samples": 1, **VIEWS}
    folder = Trainer(make(validation=validation)).run()
    assert folder is not None
    scores = json.loads((folder / "scores.json").read_text())["scores"]
    views = {"pairs x2", "pairs x0.5", "pairs turned 45", "pairs turned 90"}
    assert set(scores) == {"pairs", "rain", "rain-free", *views}
    assert {scores[view]["n"] for view in views} == {scores["pairs"]["n"]}
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert {f"validation/{view}" for view in views} <= {line["kind"] for line in lines}
    samples = {path.name for path in (folder / "samples").iterdir()}
    assert all(any(name.startswith(f"{view}-") for name in samples) for view in views)


def test_views_are_those_of_numpy_and_pillow(make: Make) -> None:
    """A fresh network changes nothing, so what it restores is the view itself."""
    config = make(validation=VIEWS)
    loaded, network = load_data(config.data, CPU), build_network(config.network_config).eval()
    scored = {
        (item.source, item.name): item
        for item in validate(network, loaded, 2, CPU, views=config.validation)
    }
    for (source, name), item in scored.items():
        if source != "pairs":
            continue
        for part in ("rainy", "clean"):
            picture = getattr(item, part)
            turned = getattr(scored["pairs turned 90", name], part)
            assert np.array_equal(turned, np.rot90(picture))
            size = (2 * picture.shape[1], 2 * picture.shape[0])
            larger = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
            assert np.array_equal(getattr(scored["pairs x2", name], part), larger)
        for view in ("pairs x2", "pairs turned 90"):
            other = scored[view, name]
            assert np.array_equal(other.restored, other.rainy)
            expected = psnr(other.rainy, other.clean, "matlab-y")
            assert other.scores["psnr/matlab-y"] == pytest.approx(expected)
    table = mean_scores(list(scored.values()))
    # Turned by a right angle nothing is lost; enlarged, streaks are smooth.
    same = table["pairs turned 90"]["input/matlab-y"]
    assert same == pytest.approx(table["pairs"]["input/matlab-y"])
    assert table["pairs turned 45"]["input/matlab-y"] != pytest.approx(same, abs=1e-3)


def test_only_what_is_named_is_viewed(make: Make) -> None:
    config = make()
    loaded, network = load_data(config.data, CPU), build_network(config.network_config).eval()
    for viewed in ([], ["rain"], ["rain-free"]):
        views = ValidationConfig(viewed=tuple(viewed), enlarged=(2.0,))
        sources = {item.source for item in validate(network, loaded, 1, CPU, views=views)}
        extra = {f"{name} x2" for name in viewed}
        assert sources == {"pairs", "rain", "rain-free", *extra}


@pytest.mark.parametrize(
    ("validation", "named"),
    [
        ({"viewed": ["pears"]}, "viewed: there is no source 'pears'"),
        ({"enlarged": [0]}, "cannot be enlarged by 0"),
        ({"enlarged": [9]}, "cannot be enlarged by 9"),
        ({"turned": [400]}, "cannot be turned by 400"),
    ],
)
def test_views_that_cannot_be_are_told_with_the_configuration(
    make: Make, validation: dict[str, object], named: str
) -> None:
    """Not at the first validation, hundreds of steps into the run."""
    with pytest.raises(ConfigError, match=named):
        make(validation=validation)
