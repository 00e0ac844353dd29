"""The contract of every registered metric, against what others compute; and of the registry."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from derain.cli.evaluate import evaluate
from derain.errors import UsageError
from derain.metrics import (
    GAIN,
    INPUT,
    KINDS,
    METRICS,
    PROTOCOLS,
    PSNR,
    Kind,
    Metric,
    Sample,
    Scorer,
    measure,
    metric_of,
    niqe,
    plotted_metric,
    ranking_metric,
    register,
    requested_metrics,
)

Pixels = NDArray[np.uint8]

CASES = [(name, kind) for name, metric in METRICS.items() for kind in metric.better]


def noisy(image: Pixels, sigma: float) -> Pixels:
    noise = np.random.default_rng(0).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).round().astype(np.uint8)


def in_rain(clean: Pixels) -> Pixels:
    """Slanted bright streaks in the left third."""
    rows, columns = np.indices(clean.shape[:2])
    streaks = ((rows // 4 + columns) % 24 < 3) & (columns < clean.shape[1] // 3)
    return np.where(streaks[..., None], clean // 2 + 120, clean).astype(np.uint8)


def ladder(kind: Kind, clean: Pixels) -> list[Sample]:
    """Restorations from the best to the worst."""
    rainy = in_rain(clean)
    if kind == "pairs":
        return [Sample(rainy, restored, clean) for restored in
                (clean, noisy(clean, 15), noisy(clean, 30))]  # fmt: skip
    if kind == "rain-free":
        return [Sample(clean, restored, clean) for restored in
                (clean, noisy(clean, 15), noisy(clean, 30))]  # fmt: skip
    if kind == "clips":
        worse = noisy(clean // 2 + 64, 15), noisy(clean // 2 + 80, 30)
        return [of_a_clip(rainy, restored, clean, sigma) for restored, sigma in
                zip((clean, *worse), (0, 15, 30), strict=True)]  # fmt: skip
    half = rainy.copy()
    half[len(half) // 2 :] = clean[len(half) // 2 :]
    return [Sample(rainy, restored) for restored in (clean, half, rainy)]


def of_a_clip(rainy: Pixels, restored: Pixels, clean: Pixels, sigma: float = 12) -> Sample:
    """A frame after one that was restored with other errors, in a scene that moves."""
    flow = np.random.default_rng(2).uniform(-1, 1, (*clean.shape[:2], 2)).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, sigma, clean.shape)
    errors = np.clip(clean + noise, 0, 255).round().astype(np.uint8)
    return Sample(rainy, restored, clean, before=Sample(rainy, errors, clean), flow=flow)


def check(metric: Metric, kind: Kind, clean: Pixels) -> None:
    """What every metric keeps: the best value for the best picture, worse ones for worse."""
    assert metric.help.endswith(".") and metric.digits > 0 and metric.tolerance > 0
    # What two cards differ by in their last digit but one is a difference.
    assert 10.0**-metric.digits <= 10 * metric.tolerance
    samples = ladder(kind, clean)
    values = [metric.compute(sample) for sample in samples]
    assert all(value is not None and math.isfinite(value) for value in values)
    if metric.better[kind] is None:
        assert len(set(values)) == 1
        with pytest.raises(ValueError, match="does not rank"):
            metric.goodness(values[0], kind)
        return
    best, middle, worst = (metric.goodness(value, kind) for value in values)
    assert best > middle > worst
    if metric.best is not None and samples[0].clean is not None:
        assert values[0] == pytest.approx(metric.best, abs=1e-3)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_contract(name: str, kind: Kind, photo: Pixels) -> None:
    check(METRICS[name], kind, photo)


@pytest.mark.parametrize(
    "broken",
    [
        dataclasses.replace(PSNR, better={"pairs": "lower"}),
        dataclasses.replace(PSNR, compute=lambda sample: 30.0),
        dataclasses.replace(PSNR, compute=lambda sample: INPUT.compute(sample)),
        dataclasses.replace(PSNR, compute=lambda sample: -float(PSNR.compute(sample) or 0)),
        dataclasses.replace(PSNR, best=99.0),
        dataclasses.replace(PSNR, tolerance=1e-9),
        dataclasses.replace(PSNR, compute=lambda sample: None),
        dataclasses.replace(INPUT, compute=PSNR.compute),
        dataclasses.replace(METRICS["streaks/outside"], better={"pairs": "lower"}),
    ],
    ids=lambda metric: metric.name,
)
def test_the_contract_catches_a_broken_metric(broken: Metric, photo: Pixels) -> None:
    with pytest.raises(AssertionError):
        check(broken, "pairs", photo)


def test_a_metric_that_needs_ground_truth_is_for_no_real_rain() -> None:
    for metric in METRICS.values():
        assert not (metric.needs_truth and "real" in metric.better)
        assert set(metric.better) <= set(KINDS)
        assert metric.ranks | metric.plots <= {k for k, d in metric.better.items() if d}


@pytest.mark.parametrize("kind", KINDS)
def test_one_metric_ranks_and_one_is_plotted(kind: Kind) -> None:
    assert [m for m in METRICS.values() if kind in m.ranks] == [ranking_metric(kind)]
    assert [m for m in METRICS.values() if kind in m.plots] == [plotted_metric(kind)]


def _y(image: Pixels) -> NDArray[np.float64]:
    return np.asarray(rgb2ycbcr(image)[..., 0])


def _psnr(a: Pixels, b: Pixels) -> float:
    return float(peak_signal_noise_ratio(_y(a), _y(b), data_range=255))


def _ssim(a: NDArray[np.float64], b: NDArray[np.float64], **constants: float) -> float:
    _, full = structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        full=True, **constants,
    )  # fmt: skip
    return float(full[5:-5, 5:-5].mean())


def _removed(s: Sample, where: bool) -> float:
    """By scipy's Gaussian of sigma 5, cut at 2 sigma."""
    mask = (np.abs(_y(s.rainy) - _y(s.truth)) > 8) == where
    before, after = (
        ((_y(x) - gaussian_filter(_y(x), 5, radius=10, mode="reflect")) ** 2)[mask].mean()
        for x in (s.rainy, s.restored)
    )
    return float(1 - after / before)


def _warping_error(s: Sample, restored: bool) -> float:
    """By scipy's interpolation."""
    assert s.before is not None and s.flow is not None
    rows, columns = np.indices(s.truth.shape[:2]).astype(float)
    rows, columns = rows + s.flow[..., 1], columns + s.flow[..., 0]
    height, width = s.truth.shape[:2]
    inside = (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)

    def step(now: Pixels, before: Pixels) -> NDArray[np.float64]:
        drawn = map_coordinates(_y(before), [rows, columns], order=1, mode="nearest")
        return np.asarray((_y(now) - drawn) ** 2 / 255**2)

    own = step(s.truth, s.before.truth)
    weights = inside * np.exp(-50 * own)
    error = step(s.restored, s.before.restored) if restored else own
    return 1e4 * float(np.average(error, weights=weights))


PEERS: dict[str, Callable[[Sample], float]] = {
    "psnr": lambda s: _psnr(s.restored, s.truth),
    "input": lambda s: _psnr(s.rainy, s.truth),
    "gain": lambda s: _psnr(s.restored, s.truth) - _psnr(s.rainy, s.truth),
    "ssim": lambda s: _ssim(_y(s.restored), _y(s.truth)),
    "worst": lambda s: _psnr(s.restored, s.truth),
    "psnr/inner": lambda s: _psnr(s.restored, s.truth),
    "ssim/inner": lambda s: _ssim(_y(s.restored), _y(s.truth)),
    "bias": lambda s: float(s.restored.astype(float).mean() - s.truth.astype(float).mean()),
    "flicker": lambda s: _warping_error(s, True),
    "flicker/truth": lambda s: _warping_error(s, False),
    "extra/uqi": lambda s: float(
        np.mean([
            _ssim(s.restored[..., c].astype(float), s.truth[..., c].astype(float), K1=0, K2=0)
            for c in range(3)
        ])
    ),
    "streaks/inside": lambda s: _removed(s, True),
    "streaks/outside": lambda s: _removed(s, False),
    "touched": lambda s: float((np.abs(_y(s.rainy) - _y(s.restored)) > 8).mean()),
}  # fmt: skip
ALONE = {
    "extra/vif": "torchmetrics is itself the other implementation",
    "extra/ms-ssim": "torchmetrics is itself the other implementation",
    "niqe": "no other implementation has our fit; its parts are held against scipy in test_niqe",
}


def test_every_metric_has_a_peer_or_a_reason() -> None:
    assert PEERS.keys() | ALONE.keys() == METRICS.keys()
    assert not PEERS.keys() & ALONE.keys()


@pytest.mark.parametrize("name", list(PEERS))
def test_against_an_independent_implementation(name: str, photo: Pixels) -> None:
    sample = of_a_clip(in_rain(photo), noisy(photo, 8), photo)
    assert METRICS[name].compute(sample) == pytest.approx(PEERS[name](sample), abs=1e-3)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_small_picture_has_a_score_or_none(name: str, kind: Kind, photo: Pixels) -> None:
    """What a picture is too small for is left out; nothing fails."""
    for side in (1, 9):
        for sample in ladder(kind, photo[60 : 60 + side, 60 : 60 + side]):
            value = METRICS[name].compute(sample)
            assert value is None or math.isfinite(value)


def test_what_a_picture_is_too_small_for_is_left_out(photo: Pixels) -> None:
    clean = photo[:9, :9]
    scores = Scorer(["matlab-y"]).score("pairs", in_rain(clean), clean, noisy(clean, 8))
    assert "psnr/matlab-y" in scores and not {"ssim/matlab-y", "niqe"} & set(scores)
    wide = photo[:96, :192]
    for cut, there in ((wide, True), (wide[:95], False), (wide[:, :191], False)):
        assert ("niqe" in Scorer([]).score("real", cut, None, cut)) == there
    for name, side in (("extra/uqi", 11), ("extra/vif", 41), ("extra/ms-ssim", 176)):
        for height, width in ((side - 1, side), (side, side - 1), (side, side)):
            cut = photo[:height, :width]
            value = METRICS[name].compute(Sample(in_rain(cut), noisy(cut, 8), cut))
            assert value is None if min(height, width) < side else 0 < float(value or 0) < 1


@pytest.mark.parametrize("kind", KINDS)
def test_scores_in_order(kind: Kind) -> None:
    """Under each protocol first, then what was asked for, then the columns."""
    scores = Scorer(["matlab-y", "rgb"], ["uqi"]).scores(kind)
    under, alone = (
        [m.name for m in METRICS.values() if kind in m.better and m.under_protocols == protocols]
        for protocols in (True, False)
    )
    alone = [name for name in alone if not METRICS[name].on_request]
    asked = ["extra/uqi"] if kind in METRICS["extra/uqi"].better else []
    assert scores == [f"{n}/{p}" for p in ("matlab-y", "rgb") for n in under] + asked + alone


def test_old_records_keep_their_scores(photo: Pixels) -> None:
    """The keys of the oldest files, whatever has come since; SSIM shrinks by another factor now."""

    def old(kind: Kind, clean: Pixels | None) -> list[str]:
        scorer = Scorer(["matlab-y", "rgb"], ["uqi", "vif"])
        scores = scorer.score(kind, in_rain(photo), clean, photo)
        return [name for name in scores if metric_of(name).revision == 0]

    assert old("pairs", photo) == [
        "psnr/matlab-y", "input/matlab-y", "gain/matlab-y",
        "psnr/rgb", "input/rgb", "gain/rgb",
        "extra/uqi", "extra/vif", "streaks/inside", "streaks/outside", "niqe",
    ]  # fmt: skip
    assert old("rain-free", None) == [
        "psnr/matlab-y", "psnr/rgb",
        "extra/uqi", "extra/vif", "touched",
    ]  # fmt: skip
    assert old("real", None) == ["touched", "niqe"]


def test_a_score_is_what_its_metric_computes(photo: Pixels) -> None:
    scores = Scorer([]).score("real", in_rain(photo), None, photo)
    assert scores["niqe"] == niqe(photo)


def test_what_is_shared_is_computed_once(photo: Pixels) -> None:
    calls = []

    def slow(sample: Sample) -> int:
        calls.append(sample)
        return 7

    sample = Sample(photo, photo)
    assert sample.once(slow) == sample.once(slow) == 7
    assert calls == [sample]
    with pytest.raises(ValueError, match="needs ground truth"):
        PSNR.compute(sample)


def test_a_few_scores_alone(photo: Pixels) -> None:
    worse = noisy(photo, 8)
    values = measure(["ssim/rgb", "psnr/rgb", "touched"], photo, worse, photo)
    assert list(values) == ["ssim/rgb", "psnr/rgb", "touched"]
    assert measure(["psnr/rgb", "touched"], photo, worse, None) == {"touched": values["touched"]}
    with pytest.raises(KeyError):
        measure(["sharpness"], photo, worse, photo)


def test_names_lead_to_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    assert metric_of("gain/did-y") is GAIN
    assert metric_of("extra/vif").word == "vif"
    assert GAIN.score("rgb") == "gain/rgb" and GAIN.format(1.005) == "+1.00"
    assert METRICS["ssim"].format(0.98765) == "0.9877"
    with pytest.raises(ValueError, match="called psnr"):
        register(dataclasses.replace(PSNR))
    monkeypatch.setitem(METRICS, "mine", dataclasses.replace(METRICS["touched"], name="mine"))
    assert metric_of("mine") is METRICS["mine"]


@pytest.mark.parametrize("name", METRICS)
def test_a_changed_metric_makes_old_records_stale(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that have its score, and no others."""
    metric = METRICS[name]
    scorer = Scorer(["rgb"])
    before = {kind: scorer.identity(kind) for kind in KINDS}
    changed = dataclasses.replace(metric, revision=metric.revision + 1)
    monkeypatch.setitem(METRICS, name, changed)
    for kind in KINDS:
        scored = kind in metric.better and not metric.on_request
        assert (scorer.identity(kind) != before[kind]) == scored
        assert (f"{name}.{metric.revision + 1}" in scorer.identity(kind).split()) == scored
        if metric.on_request:
            assert metric.word in Scorer(["rgb"], [metric.word]).identity(kind).split()


def test_metrics_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [m.name for m in requested_metrics(["ms-ssim", "vif"])] == ["extra/ms-ssim", "extra/vif"]
    with pytest.raises(UsageError, match=r"unknown extra metric 'lpips'; known: vif, uqi, ms-ssim"):
        requested_metrics(["lpips"])
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    monkeypatch.setitem(sys.modules, "torchmetrics.functional", None)
    with pytest.raises(UsageError, match=r"'vif' needs torchmetrics .*: pip install torchmetrics"):
        requested_metrics(["vif"])


def test_the_help_names_what_can_be_asked_for() -> None:
    """It is written by hand, since commands start without the metrics."""
    text = " ".join(str(evaluate.__doc__).split())
    for name in (*PROTOCOLS, *(m.word for m in METRICS.values() if m.on_request)):
        assert re.search(rf"\b{name}\b", text), name
