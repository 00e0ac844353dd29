"""A bank stands for the preset it was made of, reads what it cuts out, and says what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from scipy.stats import ks_2samp
from skimage.feature import structure_tensor

from derain.cli.main import run
from derain.errors import ConfigError, DatasetError, DerainError
from derain.rain import RainPreset, RainRecipe, RainStyle, RainSynthesizer, rain_preset
from derain.rain.bank import RainBank, make_bank
from derain.rain.families import draws

LINES = RainStyle("lines", length=(12, 24), width=(1.5, 2.5), density=(10, 20), tint=(0, 0))
STREAMS = replace(LINES, family="noise", density=(0.02, 0.05))
WINDY = RainPreset((RainRecipe((LINES,), wind=90), RainRecipe((STREAMS,))))
GREY = torch.full((1, 3, 96, 96), 0.1)


def bank_of(path: Path, preset: RainPreset, layers: int = 80, seed: int = 0) -> RainBank:
    make_bank(path, preset, draws({}), layers, 112, seed)
    return RainBank(path, preset)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> RainBank:
    return bank_of(tmp_path_factory.mktemp("bank") / "windy.safetensors", WINDY)


def angle_of(layer: torch.Tensor) -> float:
    """Degrees from vertical by the structure tensor, positive leaning right at the top."""
    parts = structure_tensor(layer.double().numpy(), sigma=1, order="rc")
    rr, rc, cc = (part.mean() for part in parts)
    return float(np.rad2deg(0.5 * np.arctan2(2 * rc, cc - rr)))


def apart(a: float, b: float) -> float:
    """Degrees between two lines."""
    return abs((a - b + 90) % 180 - 90)


def test_a_seed_fixes_the_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    for path, seed in zip(files, (3, 3, 4), strict=True):
        assert make_bank(path, WINDY, draws({}), 2, 64, seed) == 4
    first, again, other = (path.read_bytes() for path in files)
    assert first == again != other
    layers = load_file(files[0])
    assert {name: tuple(t.shape) for name, t in layers.items()} == {
        "00/angles": (2,), "00/layers": (2, 64, 64), "01/angles": (2,), "01/layers": (2, 64, 64),
    }  # fmt: skip


def test_a_generator_fixes_the_crops(bank: RainBank) -> None:
    first, again, other = (
        bank.draw(LINES, 3, 40, 60, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert first.shape == (3, 1, 40, 60)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert float(first.min()) >= 0 and 0.5 < float(first.max()) <= 1


@pytest.mark.parametrize("asked", [-70.0, -20.0, 0.0, 35.0, 88.0])
def test_the_direction_asked_for_is_given(bank: RainBank, asked: float) -> None:
    """Mirrored or not: half of the crops are mirror images of layers that fall the other way."""
    style = replace(LINES, angle=(asked, asked))
    crops = bank.draw(style, 24, 96, 96, torch.Generator().manual_seed(0))
    found = [angle_of(crop[0]) for crop in crops]
    assert max(apart(angle, asked) for angle in found) < 18
    assert np.median([apart(angle, asked) for angle in found]) < 7


@pytest.mark.parametrize("recipe", WINDY.recipes, ids=lambda r: r.styles[0].family)
def test_rain_from_a_bank_is_that_of_the_preset(bank: RainBank, recipe: RainRecipe) -> None:
    """As bright, as rich in streaks, and in the same directions as rain drawn for each picture."""
    images, preset = GREY.expand(240, -1, -1, -1), RainPreset((recipe,))
    rain = [
        synthesizer(images, torch.Generator().manual_seed(1)).rain[:, 0]
        for synthesizer in (RainSynthesizer(preset, bank=bank), RainSynthesizer(preset))
    ]
    means = [float(x.mean()) for x in rain]
    assert means[0] == pytest.approx(means[1], rel=0.15)
    shares = [float((x > 0.1).float().mean()) for x in rain]
    assert shares[0] == pytest.approx(shares[1], rel=0.15)
    angles = [[angle_of(x) for x in layers] for layers in rain]
    assert ks_2samp(*angles).pvalue > 0.02


def test_recipes_that_share_layers_keep_their_own_directions(tmp_path: Path) -> None:
    """Without wind a style falls within its own angles, though the windy one needs them all."""
    style = replace(LINES, angle=(-20, 20))
    both = RainPreset((RainRecipe((style,), wind=90), RainRecipe((style,))))
    bank = bank_of(tmp_path / "both", both)
    with safe_open(tmp_path / "both", framework="np") as file:
        assert len(file.keys()) == 2
        assert np.abs(file.get_tensor("00/angles")).max() > 60
    crops = bank.draw(style, 40, 96, 96, torch.Generator().manual_seed(0))
    angles = np.array([angle_of(crop[0]) for crop in crops])
    assert np.abs(angles).max() < 35 and np.ptp(angles) > 20


def test_what_a_bank_leaves_open_is_drawn_for_each_crop(bank: RainBank) -> None:
    """Brightness, tint and the like are no part of the layers, so one bank serves them all."""
    bright = replace(LINES, brightness=(0.9, 0.9), tint=(0.5, 0.5), patchiness=(1, 1))
    crops = [bank.draw(s, 2, 32, 32, torch.Generator().manual_seed(0)) for s in (LINES, bright)]
    assert torch.equal(*crops)
    with pytest.raises(KeyError):
        bank.draw(replace(LINES, length=(1, 2)), 1, 32, 32, torch.Generator())


def test_crops_keep_their_proportions(bank: RainBank) -> None:
    """As wide as the layers and low: a slant of 45 degrees stays one."""
    style = replace(LINES, angle=(45, 45))
    crops = bank.draw(style, 12, 48, bank.side, torch.Generator().manual_seed(0))
    assert np.median([apart(angle_of(crop[0]), 45) for crop in crops]) < 9


def test_opening_and_cutting_read_little(tmp_path: Path) -> None:
    """Of a file of 96 MB; reading it whole would show."""
    path = tmp_path / "large"
    make_bank(path, WINDY, draws({}), 1, 64, 0)
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
    large = torch.randint(0, 255, (300, 400, 400), dtype=torch.uint8)
    angles = torch.linspace(-90, 90, 300)
    tensors = {
        f"{i:02d}/{n}": t for i in (0, 1) for n, t in (("layers", large), ("angles", angles))
    }
    save_file({name: tensor.clone() for name, tensor in tensors.items()}, path, header)
    del large, tensors
    process = psutil.Process()
    before = process.memory_info().rss
    bank = RainBank(path, WINDY)
    bank.draw(LINES, 4, 64, 64, torch.Generator())
    assert path.stat().st_size > 90e6
    assert process.memory_info().rss - before < 24e6


def test_a_file_that_is_cut_short_is_told_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "torn"
    make_bank(path, WINDY, draws({}), 2, 64, 0)
    whole = path.read_bytes()
    for kept in (len(whole) - 1, len(whole) // 2, 20, 0):
        path.write_bytes(whole[:kept])
        with pytest.raises(DatasetError, match=r"torn: not a whole bank") as caught:
            RainBank(path, WINDY)
        assert "\n" not in str(caught.value)
    path.write_bytes(whole)
    RainBank(path, WINDY)


def test_other_files_are_no_banks(tmp_path: Path) -> None:
    path = tmp_path / "other"
    make_bank(path, WINDY, draws({}), 2, 64, 0)
    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()["rain-bank"])
    tensors = load_file(path)

    def refused(kind: type[DerainError], named: str, told: object, **changed: torch.Tensor) -> None:
        metadata = {"rain-bank": json.dumps(told)} if told is not None else None
        save_file({**tensors, **changed}, path, metadata)
        with pytest.raises(kind, match=named):
            RainBank(path, WINDY)

    refused(ConfigError, "another version", {**header, "version": 0})
    refused(ConfigError, "another preset", {**header, "styles": header["styles"][:1]})
    refused(DatasetError, "not a whole bank", None)
    refused(DatasetError, "not a whole bank", [])
    refused(DatasetError, "not a whole bank", header, **{"00/layers": torch.zeros(2, 64, 64)})
    refused(DatasetError, "not a whole bank", header, **{"01/angles": torch.zeros(3)})


def test_another_presets_bank_is_refused(tmp_path: Path) -> None:
    make_bank(tmp_path / "light", rain_preset("light"), draws({}), 2, 64, 0)
    RainBank(tmp_path / "light", rain_preset("light"))
    with pytest.raises(ConfigError, match=r"light: was made for another preset"):
        RainBank(tmp_path / "light", rain_preset("heavy"))
    with pytest.raises(ConfigError, match=r"no such file; make it with 'derain bank'"):
        RainBank(tmp_path / "none", rain_preset("light"))
    with pytest.raises(ConfigError, match="no rain of its own"):
        RainBank(tmp_path / "light", rain_preset("dry"))


def test_a_patch_larger_than_the_layers(bank: RainBank) -> None:
    synthesizer = RainSynthesizer(WINDY, bank=bank)
    synthesizer.check_patch(112)
    with pytest.raises(ConfigError, match=r"113 px is larger than .* 112; .*--side"):
        synthesizer.check_patch(113)
    with pytest.raises(ConfigError, match="larger"):
        bank.draw(LINES, 1, 60, 200, torch.Generator())


@pytest.mark.parametrize(
    ("preset", "given", "named"),
    [
        (rain_preset("dry"), {}, "no rain of its own"),
        (rain_preset("every"), {}, "streak layers"),
        (rain_preset("every"), {"rendered": [torch.zeros(64, 64).byte()]}, "clips"),
    ],
)
def test_what_lacks_is_told_before_anything_is_drawn(
    preset: RainPreset, given: dict[str, list[torch.Tensor]], named: str, tmp_path: Path
) -> None:
    told: list[str] = []
    with pytest.raises(ConfigError, match=named):
        make_bank(tmp_path / "out", preset, draws(given), 2, 64, 0, told.append)
    assert not told and not list(tmp_path.iterdir())
    for layers, side in ((0, 64), (2, 16), (2, 8193)):
        with pytest.raises(ConfigError, match="1 layer of 32 to 8192 px"):
            make_bank(tmp_path / "out", WINDY, draws({}), layers, side, 0)


def test_pairs_lend_their_layers_beside_a_bank(tmp_path: Path) -> None:
    preset = RainPreset((*WINDY.recipes, RainRecipe((RainStyle("extracted"),))))
    bank = bank_of(tmp_path / "bank", preset, layers=2)
    with pytest.raises(ConfigError, match="lenders"):
        RainSynthesizer(preset, bank=bank)
    lent = [torch.randint(0, 255, (90, 120), dtype=torch.uint8)]
    sample = RainSynthesizer(preset, extracted=lent, bank=bank)(
        GREY.expand(12, -1, -1, -1), torch.Generator().manual_seed(0)
    )
    assert bool((sample.rain.mean(dim=(1, 2, 3)) > 0).all())


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sub" / "light.safetensors"
    command = ["bank", str(out), "--preset", "light", "--layers", "2", "--side", "64"]
    assert run(command) == 0
    assert f"2 layers in {out}" in capsys.readouterr().out
    assert RainBank(out, rain_preset("light")).side == 64
    before = out.read_bytes()
    assert run([*command, "--seed", "1"]) == 7
    assert "--overwrite" in capsys.readouterr().err and out.read_bytes() == before
    assert run([*command, "--seed", "1", "--overwrite"]) == 0
    assert out.read_bytes() != before
    other = str(tmp_path / "other")
    for arguments, code in (
        (["--preset", "dry"], 13),
        (["--preset", "snow"], 13),
        (["--preset", "every"], 13),
        (["--streaks", str(tmp_path / "none")], 14),
        (["--film", str(tmp_path / "none.mp4")], 14),
    ):
        capsys.readouterr()
        assert run(["bank", other, *arguments]) == code
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and "Traceback" not in told
    assert not Path(other).exists()
