"""NIQE: its fits against scipy's distributions, and that it ranks damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.stats import gennorm

from derain.cli.main import run
from derain.errors import DatasetError
from derain.metrics import Pristine, fit_pristine, niqe
from derain.metrics.niqe import fit_aggd, natural_features

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def clean() -> list[Pixels]:
    return [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.0, 4.0])
def test_fits_find_the_shape_that_scipy_drew(shape: float) -> None:
    drawn = gennorm.rvs(shape, scale=2.0, size=(3, 200_000), random_state=0)
    shapes, left, right = fit_aggd(drawn)
    np.testing.assert_allclose(shapes, shape, rtol=0.05)
    np.testing.assert_allclose(left, 2, rtol=0.05)
    np.testing.assert_allclose(right, 2, rtol=0.05)


def test_fits_tell_left_from_right() -> None:
    drawn = gennorm.rvs(1.5, size=(1, 200_000), random_state=0)
    drawn[drawn > 0] *= 3
    _, left, right = fit_aggd(drawn)
    assert right / left == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_damage_raises_it(clean: list[Pixels], index: int) -> None:
    image = clean[index]
    noise = np.random.default_rng(0).normal(0, 25, image.shape)
    noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
    smeared = np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(3)))
    assert niqe(image) + 1 < niqe(noisy)
    assert niqe(image) + 1 < niqe(smeared)


def test_rain_raises_it(clean: list[Pixels]) -> None:
    import torch

    from derain.rain import RainSynthesizer, rain_preset

    for image in clean:
        tensor = torch.from_numpy(image.copy()).permute(2, 0, 1)[None] / 255
        sample = RainSynthesizer(rain_preset("heavy"))(tensor, torch.Generator().manual_seed(0))
        rainy = (sample.rainy[0] * 255).round().byte().permute(1, 2, 0).numpy()
        assert niqe(np.ascontiguousarray(rainy)) > niqe(image)


def test_a_fit_can_be_saved(clean: list[Pixels], tmp_path: Path) -> None:
    rotated = [np.ascontiguousarray(np.rot90(image, k)) for image in clean for k in range(4)]
    model = fit_pristine(rotated * 3, "three photographs")
    model.save(tmp_path / "own.safetensors")
    again = Pristine.load(tmp_path / "own.safetensors")
    assert again.origin == "three photographs"
    np.testing.assert_array_equal(again.covariance, model.covariance)
    features = np.concatenate([natural_features(image)[0] for image in clean])
    assert features.shape[1] == 36
    assert niqe(clean[0], again) >= 0


def test_what_ships_says_where_it_comes_from() -> None:
    assert "bsds500" in Pristine.load().origin


def test_flat_pictures_are_finite() -> None:
    assert np.isfinite(niqe(np.full((200, 300, 3), 128, np.uint8)))


def test_bad_input(clean: list[Pixels], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="192x96"):
        niqe(clean[0][:95])
    with pytest.raises(DatasetError, match="too few"):
        fit_pristine(clean[:1], "one")
    (tmp_path / "x.safetensors").write_bytes(b"no")
    with pytest.raises(DatasetError, match=r"x\.safetensors"):
        Pristine.load(tmp_path / "x.safetensors")


def test_the_command_fits_to_a_folder(
    clean: list[Pixels], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Small pictures are left out; the result is that of the function, and can be used."""
    folder, out = tmp_path / "photographs", tmp_path / "own.safetensors"
    folder.mkdir()
    turned = [np.ascontiguousarray(np.rot90(image, k)) for image in clean for k in range(4)] * 3
    for index, image in enumerate(turned):
        Image.fromarray(image).save(folder / f"{index}.png", compress_level=1)
    Image.fromarray(clean[0][:100, :400]).save(folder / "small.png")
    assert run(["data", "fit-niqe", str(folder), "-o", str(out)]) == 0
    assert "photographs (37)" in capsys.readouterr().out
    before = out.read_bytes()
    assert run(["data", "fit-niqe", str(folder), "-o", str(out)]) == 7
    assert "exists already; add --overwrite" in capsys.readouterr().err
    assert out.read_bytes() == before
    fitted, expected = Pristine.load(out), fit_pristine(turned, "")
    np.testing.assert_allclose(fitted.mean, expected.mean)
    np.testing.assert_allclose(fitted.covariance, expected.covariance)
    assert niqe(clean[0], fitted) == pytest.approx(niqe(clean[0], expected))
    (folder / "0.png").rename(tmp_path / "0.png")
    few = tmp_path / "few"
    few.mkdir()
    (tmp_path / "0.png").rename(few / "0.png")
    assert run(["data", "fit-niqe", str(few), "-o", str(tmp_path / "few.safetensors")]) == 14
    assert "too few; give more photographs" in capsys.readouterr().err
    assert not (tmp_path / "few.safetensors").exists()
