"""Semi-supervised runs: what is logged, resumed and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from derain.errors import ConfigError, DatasetError
from derain.nn import Layers, load_network, pad_to_multiple
from derain.training import Trainer
from derain.training.config import TrainConfig
from derain.training.objectives import Batch
from derain.training.objectives.semi import SemiSupervision
from derain.zoo import load_model
from tests.training.conftest import resumed_run, through_run

pytestmark = pytest.mark.slow

Make = Callable[..., TrainConfig]

REAL = {"paths": ["real"], "batch": 2, "patches": 2, "side": 16, "bank": 12, "ramp": 2, "start": 1,
        "pseudo": 0.1, "prepare": 2}  # fmt: skip


@pytest.fixture
def real(data_root: Path, photos: list[NDArray[np.uint8]]) -> Path:
    """Three photographs under something like rain."""
    folder = data_root / "real"
    folder.mkdir()
    for index, photo in enumerate(photos[:3]):
        rain = np.random.default_rng(index).random(photo.shape[:2]) > 0.96
        Image.fromarray(np.where(rain[..., None], 220, photo).astype(np.uint8)).save(
            folder / f"{index}.png"
        )
    return folder


def state(folder: Path, name: str) -> dict[str, torch.Tensor]:
    newest = sorted((folder / "checkpoints").glob("step-*"))[-1]
    loaded: dict[str, torch.Tensor] = torch.load(newest / f"{name}.pt.00", weights_only=True)
    return loaded


def same(a: object, b: object) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_stopped_and_resumed_is_the_same_to_the_bit(
    make: Make, real: Path, tmp_path: Path, precision: str
) -> None:
    through, resumed = (
        run(make(out=str(tmp_path / name), precision=precision, real=REAL))
        for name, run in (("a", through_run), ("b", resumed_run))
    )
    for name in ("network", "ema"):
        assert same(state(through, name), state(resumed, name))
    for key in ("optimizers", "objectives"):
        assert same(state(through, "trainer")[key], state(resumed, "trainer")[key])
    semi = state(through, "trainer")["objectives"]["semi"]  # type: ignore[index]
    assert int(semi["module"]["background.bank.filled"]) == 12


def test_the_log_tells_every_term(make: Make, real: Path) -> None:
    # With the frequency term six steps take enough away for the background contrast's anchors.
    folder = Trainer(make(real=REAL, loss={"frequency": 0.05})).run()
    assert folder is not None
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    steps = {line["step"]: line for line in lines if line["kind"] == "train"}
    assert "real/background" not in steps[1]  # before its start
    for step in (3, 6):
        for name in ("rain", "background", "remix", "pseudo", "background/near", "background/far",
                     "gradient/rain", "gradient/background"):  # fmt: skip
            assert np.isfinite(steps[step][f"real/{name}"])
    assert steps[6]["real/gradient/background"] > 0
    for name in ("rain", "background"):
        with Image.open(folder / "samples" / f"nearest-{name}.png") as sheet:
            assert sheet.size[0] == 9 * (16 + 6) + 6


def test_the_teacher_rests_where_nobody_asks_it(make: Make, real: Path) -> None:
    trainer = Trainer(make(real={**REAL, "remix": 0.0, "pseudo": 0.0, "start": 0}))
    teacher = trainer._averaged()
    teacher.forward = None  # type: ignore[assignment] # whoever calls it fails
    batch = Batch(0, *torch.rand(2, 2, 3, 32, 32))
    assert trainer.objectives["semi"].draw(batch, teacher).shape == (2, 3, 32, 32)


def test_what_one_network_leaves_a_helper_may_see(make: Make, real: Path) -> None:
    """The pseudo truth is the darkest of what all of them make of the photographs."""
    semi = Trainer(make(real={**REAL, "helpers": ["fast"]})).objectives["semi"]
    assert isinstance(semi, SemiSupervision)

    class Blind(torch.nn.Module):
        """Takes nothing away."""

        config = load_network(load_model("fast").weights_path()).config

        def forward(self, rainy: torch.Tensor) -> Layers:
            return Layers(rainy * 0, rainy, rainy * 0, rainy)

    extra = semi.extra(0, torch.rand(2, 3, 32, 32), Blind())
    helper = load_network(load_model("fast").weights_path()).eval()
    with torch.no_grad():
        padded = pad_to_multiple(extra.photos, helper.config.size_multiple)
        height, width = extra.photos.shape[-2:]
        alone = helper(padded).clean[..., :height, :width].clamp(0, 1)
    assert torch.equal(extra.pseudo, torch.minimum(alone, extra.photos))
    assert (extra.pseudo < extra.photos).any()


def test_it_changes_the_weights_and_starts_alike(make: Make, real: Path, tmp_path: Path) -> None:
    plain = Trainer(make(out=str(tmp_path / "plain")))
    semi = Trainer(make(out=str(tmp_path / "semi"), real=REAL))
    for name, weight in plain.network.state_dict().items():
        assert torch.equal(weight, semi.network.state_dict()[name])
    folders = plain.run(), semi.run()
    a, b = (state(folder, "network") for folder in folders if folder)
    assert not same(a, b)


def test_bad_photographs_are_named_before_the_first_step(make: Make, real: Path) -> None:
    Image.new("RGB", (31, 200)).save(real / "tiny.png")
    with pytest.raises(DatasetError, match=r"tiny\.png: is 31x200"):
        Trainer(make(real=REAL))
    (real / "tiny.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"tiny\.png"):
        Trainer(make(real=REAL))
    for path in real.iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match="holds no pictures"):
        Trainer(make(real=REAL))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": []}, r"real\.paths"),
        ({"embedding": "vgg"}, r"real\.weights"),
        ({"embedding": "resnet"}, "real.embedding.*'own' or 'vgg'"),
        ({"mix": [0.5, 1.5]}, r"real\.mix"),
        ({"temperature": 0.0}, r"real\.temperature"),
        ({"side": 64}, r"real\.side"),
        ({"rain": -1.0}, r"real\.rain.*greater"),
        ({"nonsense": 1}, "nonsense"),
        ({"embedding": "vgg", "weights": "missing.pth"}, r"missing\.pth"),
        ({"helpers": ["missing.safetensors"]}, r"real\.helpers=missing\.safetensors: no such"),
    ],
)
def test_bad_options(make: Make, real: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Trainer(make(real={**REAL, **change}))
