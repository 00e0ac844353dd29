"""The dual contrast: terms against NumPy, stopped gradients, banks, odd batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy import ndimage

from derain.errors import ConfigError
from derain.nn import DRDNet, Layers, preset
from derain.training.config import RealConfig
from derain.training.contrast import (
    DualContrast,
    Known,
    MomentumEncoder,
    VggEmbedder,
    neighbours,
)
from derain.training.contrast.bank import Bank
from derain.training.contrast.dual import Compared
from derain.training.contrast.losses import supervised_contrast
from derain.training.contrast.patches import augment, mix_rain, sample_patches, standardise

CONFIG = RealConfig(paths=("x",), patches=3, side=16, bank=20)


def unit(count: int, seed: int, dimensions: int = 8) -> torch.Tensor:
    drawn = torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn.double(), dim=1)


def places(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_contrast_against_numpy() -> None:
    a, p, n = unit(5, 0), unit(4, 1), unit(7, 2)
    t = 0.07
    near, far = (np.exp((a @ x.T).numpy() / t) for x in (p, n))
    expected = -np.log(near / (near + far.sum(1, keepdims=True))).mean(1)
    np.testing.assert_allclose(supervised_contrast(a, p, n, t).numpy(), expected, rtol=1e-9)
    assert supervised_contrast(a, p[:0], n, t).tolist() == [0] * 5
    assert supervised_contrast(a, p, n[:0], t).abs().max() < 1e-12
    assert supervised_contrast(a, a[:1], n, t)[0] < supervised_contrast(a, n[:1], n, t)[0]


def test_standardised_patches_against_numpy() -> None:
    x = torch.rand(4, 3, 8, 8)
    centred = x.numpy() - x.numpy().mean((1, 2, 3), keepdims=True)
    expected = centred / (np.sqrt((centred**2).mean((1, 2, 3), keepdims=True) + 1e-8) + 0.02)
    np.testing.assert_allclose(standardise(x, False).numpy(), expected, atol=1e-5)
    smooth = ndimage.uniform_filter(x.numpy(), (0, 0, 7, 7), mode="mirror")
    fine = x.numpy() - smooth
    expected = fine / (np.sqrt((fine**2).mean((1, 2, 3), keepdims=True) + 1e-8) + 0.02)
    np.testing.assert_allclose(standardise(x, True).numpy(), expected, atol=1e-5)
    # Brightness and strength of rain are not what it is told by.
    for fine_ in (False, True):
        a, b = standardise(x * 0.9 + 0.1, fine_), standardise(x, fine_)
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=0.03)


def test_samples_are_enlarged_in_number() -> None:
    x = torch.rand(3, 3, 16, 16)
    more = augment(x, places())
    assert more.shape == (6, 3, 16, 16)
    torch.testing.assert_close(more[:3], x)
    rain = torch.rand(2, 3, 16, 16)
    mixed = mix_rain(x, rain, (0.5, 0.5), places())
    expected = (x.numpy() + 0.5 * rain.numpy()[[0, 1, 0]]).clip(0, 1)
    np.testing.assert_allclose(mixed.numpy(), expected, atol=1e-6)
    # Rain that cannot be seen makes no negative.
    faint = torch.cat([rain[:1] * 0.05, rain[1:]])
    assert len(mix_rain(x, faint, (0.5, 0.5), places())) == 1
    assert not len(mix_rain(x, rain[:0], (0.5, 1), places()))


def test_patches_lie_inside_and_pass_gradients() -> None:
    x = torch.rand(2, 3, 20, 30, requires_grad=True)
    patches = sample_patches(x, 4, 16, places())
    assert patches.shape == (8, 3, 16, 16)
    patches.sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() == 8 * 3 * 256


def test_a_bank_is_first_in_first_out() -> None:
    bank = Bank(5, 2)
    assert bank.read().shape == (0, 2)
    bank.push(torch.arange(6.0).view(3, 2).requires_grad_())
    assert bank.read().tolist() == [[0, 1], [2, 3], [4, 5]]
    assert not bank.read().requires_grad
    bank.push(torch.arange(6.0, 14.0).view(4, 2))
    assert sorted(bank.read().tolist()) == [[4, 5], [6, 7], [8, 9], [10, 11], [12, 13]]


def test_an_embedding_is_free_of_position_and_of_unit_length() -> None:
    encoder = MomentumEncoder()
    x = torch.zeros(1, 3, 64, 64)
    x[..., 16:24, 16:24] = 1
    moved = x.roll((16, 16), (2, 3))
    a, b = encoder.embed(x), encoder.embed(moved)
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
    assert a.norm() == pytest.approx(1)


def test_the_slow_copy_follows() -> None:
    encoder = MomentumEncoder()
    before = [p.clone() for p in encoder.slow.parameters()]
    with torch.no_grad():
        for p in encoder.quick.parameters():
            p.add_(1)
    encoder.follow(0.9)
    for slow, old in zip(encoder.slow.parameters(), before, strict=True):
        torch.testing.assert_close(slow, old * 0.9 + (old + 1) * 0.1)
    assert not any(p.requires_grad for p in encoder.slow.parameters())


def layers_of(rainy: torch.Tensor) -> Layers:
    """Predictions that may get a gradient."""
    rain = (rainy * 0.2 * torch.rand(rainy.shape, generator=places(5))).requires_grad_()
    detail = torch.zeros_like(rainy).requires_grad_()
    return Layers(rain, rainy - rain, detail, rainy - rain + detail)


def contrast(config: RealConfig = CONFIG) -> DualContrast:
    torch.manual_seed(0)
    return DualContrast(MomentumEncoder(), MomentumEncoder(), config)


def known(count: int = 4) -> Known:
    clean = torch.rand(count, 3, 32, 32, generator=places(1))
    rain = (torch.rand(count, 3, 32, 32, generator=places(2)) > 0.9).float() * 0.4
    return Known(clean, rain)


def test_gradients_reach_the_prediction_and_nothing_else() -> None:
    dual = contrast()
    rainy = torch.rand(2, 3, 32, 32, generator=places(3)).requires_grad_()
    samples = Known(*(x.requires_grad_() for x in known()))
    layers = layers_of(rainy.detach())
    for weight in dual.parameters():
        weight.grad = None
    terms, seen = dual(layers, rainy, samples, places())
    quick = [p for b in (dual.rain, dual.background) for p in b.embedder.trainable()]
    after_own_step = [None if p.grad is None else p.grad.clone() for p in quick]
    (terms["rain"] + terms["background"]).backward()
    assert layers.rain.grad is not None
    assert layers.rain.grad.abs().sum() > 0
    assert rainy.grad is None
    assert samples.clean.grad is None
    assert samples.rain.grad is None
    for p, own in zip(quick, after_own_step, strict=True):
        assert (p.grad is None and own is None) or torch.equal(p.grad, own)  # type: ignore[arg-type]
    assert set(seen) == {f"{b}/{k}" for b in ("rain", "background") for k in ("near", "far", "own")}


def test_the_encoder_learns_to_tell_rain_from_background() -> None:
    dual = contrast(RealConfig(paths=("x",), patches=6, side=16, bank=50, embedding_rate=3e-3,
                               momentum=0.9))  # fmt: skip
    rng = places(9)
    gaps = []
    for step in range(60):
        smooth = torch.rand(4, 3, 4, 4, generator=rng)
        clean = torch.nn.functional.interpolate(smooth, (32, 32), mode="bicubic").clamp(0, 1)
        rain = torch.zeros(4, 3, 32, 32)
        rain[..., ::5] = 0.5
        rainy = (clean + rain).clamp(0, 1)
        layers = Layers(rain, clean, torch.zeros_like(rain), clean)
        _, seen = dual(layers, rainy, Known(clean, rain), places(step))
        gaps.append(float(seen["rain/near"] - seen["rain/far"]))
    assert np.mean(gaps[-10:]) > np.mean(gaps[:10]) + 0.3


def test_the_background_encoder_learns_to_tell_clean_from_rainy() -> None:
    """By itself, before any derainer is held to it, on textures under fine streaks."""
    dual = contrast(RealConfig(paths=("x",), patches=6, side=16, bank=50, embedding_rate=3e-3))
    rng = places(9)

    def draw() -> Known:
        smooth = torch.rand(4, 3, 8, 8, generator=rng)
        clean = torch.nn.functional.interpolate(smooth, (32, 32), mode="bicubic").clamp(0, 1)
        rain = torch.zeros(4, 3, 32, 32)
        rain[..., :: int(torch.randint(4, 7, (1,), generator=rng))] = 0.4
        return Known(clean, rain)

    def gap() -> float:
        clean, rain = draw()
        rainy = (clean + rain).clamp(0, 1)
        a, b = (dual.background.embedder.embed(standardise(x, True)) for x in (clean, rainy))
        return float((a[:2] @ a[2:].T).mean() - (a @ b.T).mean())

    before = gap()
    for step in range(80):
        dual.prepare(draw(), places(step))
    assert gap() > before + 0.3
    assert int(dual.learned) == 80


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("kind", ["photo", "black", "white", "identical"])
@pytest.mark.parametrize("augmented", [True, False])
def test_odd_batches_are_finite(count: int, kind: str, augmented: bool) -> None:
    dual = contrast(RealConfig(paths=("x",), patches=2, side=16, bank=8, augmented=augmented))
    rainy = torch.rand(count, 3, 32, 32, generator=places(4))
    if kind == "identical" and count:
        rainy = rainy[:1].repeat(count, 1, 1, 1)
    if kind in ("black", "white"):
        rainy = torch.full_like(rainy, float(kind == "white"))
    flat = kind in ("black", "white")
    layers = layers_of(torch.zeros_like(rainy) if flat else rainy)
    samples = known(2)
    if flat:
        samples = Known(torch.full_like(samples.clean, float(kind == "white")), samples.rain * 0)
    for step in range(2):  # the second time with a bank
        terms, _ = dual(layers, rainy, samples, places(step))
        total = terms["rain"] + terms["background"]
        assert bool(total.isfinite())
        total.backward(retain_graph=True)
    for layer in (layers.rain, layers.detail):
        assert layer.grad is None or bool(layer.grad.isfinite().all())


def test_on_a_network_of_ours() -> None:
    network = DRDNet(preset("fast"))
    torch.nn.init.normal_(network.rain.tail.weight, std=0.02)  # a fresh one takes nothing away
    rainy = torch.rand(2, 3, 96, 96)
    terms, _ = contrast()(network(rainy), rainy, known(), places())
    (terms["rain"] + terms["background"]).backward()
    slopes = [p.grad.abs().sum() for p in network.parameters() if p.grad is not None]
    assert sum(slopes) > 0


def vgg_weights() -> dict[str, torch.Tensor]:
    shapes = {0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128), 10: (256, 128), 12: (256, 256)}
    weights = {}
    for index, (outputs, inputs) in shapes.items():
        weights[f"features.{index}.weight"] = torch.randn(outputs, inputs, 3, 3) * 0.05
        weights[f"features.{index}.bias"] = torch.zeros(outputs)
    return weights


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_vgg_from_a_file_of_the_users(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"vgg{suffix}"
    save_file(vgg_weights(), path) if suffix == ".safetensors" else torch.save(vgg_weights(), path)
    embedder = VggEmbedder(path)
    assert embedder.embed(torch.rand(5, 3, 16, 16)).shape == (5, 64 + 128 + 256)
    dual = DualContrast(embedder, VggEmbedder(path), CONFIG)
    rainy = torch.rand(2, 3, 32, 32, generator=places(3))
    layers = layers_of(rainy)
    terms, _ = dual(layers, rainy, known(), places())
    (terms["rain"] + terms["background"]).backward()
    assert layers.rain.grad is not None


def test_vgg_features_are_those_of_the_plain_network(tmp_path: Path) -> None:
    """Against the convolutions written out."""
    weights = vgg_weights()
    torch.save(weights, tmp_path / "vgg.pth")
    x = torch.rand(2, 3, 16, 16)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    f = torch.nn.functional

    def layer(y: torch.Tensor, index: int) -> torch.Tensor:
        w, b = weights[f"features.{index}.weight"], weights[f"features.{index}.bias"]
        return f.relu(f.conv2d(y, w, b, padding=1))

    r11 = layer((x + 0.5 - mean) / deviation, 0)
    r21 = layer(f.max_pool2d(layer(r11, 2), 2), 5)
    r31 = layer(f.max_pool2d(layer(r21, 7), 2), 10)
    pooled = [f.normalize(r.mean(dim=(2, 3)), dim=1) for r in (r11, r21, r31)]
    expected = f.normalize(torch.cat(pooled, dim=1), dim=1)
    torch.testing.assert_close(VggEmbedder(tmp_path / "vgg.pth").embed(x), expected)


def test_vgg_files_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    with pytest.raises(ConfigError, match="cannot be read"):
        VggEmbedder(path)
    weights = vgg_weights()
    weights["features.5.weight"] = torch.zeros(128, 3, 3, 3)
    torch.save(weights, path)
    with pytest.raises(ConfigError, match=r"features\.5\.weight is \(128, 3, 3, 3\)"):
        VggEmbedder(path)
    del weights["features.5.weight"]
    torch.save(weights, path)
    with pytest.raises(ConfigError, match=r"no features\.5\.weight"):
        VggEmbedder(path)


def test_the_sheet_of_neighbours_shows_the_nearest() -> None:
    anchors, positives, negatives = (
        torch.full((n, 3, 8, 8), v) for n, v in ((2, 0.1), (6, 0.0), (1, 0.0))
    )
    positives += torch.arange(6).view(6, 1, 1, 1) / 10
    near = torch.tensor([[0.0, 0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.4, 0.3, 0.2, 0.1, 0.0]])
    sheet = neighbours(
        Compared(anchors, positives, negatives, near, torch.zeros(2, 1)), signed=False
    )
    assert sheet.shape == (2 * 14 + 6, 9 * 14 + 6, 3)
    rows = sheet[10::14, 10::14, 0]  # the middles of all places
    first = [round(255 * v) for v in (0.1, 0.5, 0.4, 0.3, 0.2, 0.0)]
    second = [round(255 * v) for v in (0.1, 0.0, 0.1, 0.2, 0.3, 0.0)]
    assert rows.tolist() == [[*first, 255, 255, 255], [*second, 255, 255, 255]]
    grey = neighbours(Compared(anchors, positives, negatives, near, torch.zeros(2, 1)), signed=True)
    assert grey[10, 10, 0] == round(255 * 0.6)
    assert grey[10, 10 + 5 * 14, 0] == 0  # negatives are pictures
