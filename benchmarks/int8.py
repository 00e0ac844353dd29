"""``python -m benchmarks.int8 MODEL PAIRS...``: what eight bits a value cost and save, as a table.

Post-training quantisation (NNCF, which nothing else here needs: ``pip install nncf==3.4.0``) of a
shipped model's ONNX file, on OpenVINO: convolutions alone, and all that NNCF would. PAIRS are sets
of any known layout; an eighth of the pictures of all of them calibrates, every eighth of each is
measured, in the middle 288 px. One thread, float and int8 in turn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from derain.data import open_pairs
from derain.metrics import psnr
from derain.zoo import load_model

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float32]

_SIDE = 288  # a multiple of the shipped models' 48
_EACH = 8
_CALIBRATION = 32
_KEPT = (
    "Add", "AvgPool", "Concat", "Interpolate", "MatMul", "Multiply", "ReduceMean", "Sigmoid",
    "Slice", "StridedSlice", "Subtract",
)  # fmt: skip
"""Operations in float where convolutions alone are quantised."""


class _Run(NamedTuple):
    clean: Pixels
    seconds: float


def main(model: str, sets: list[Path]) -> None:
    import nncf
    import openvino

    graph = openvino.Core().read_model(load_model(model).read_onnx())
    graph.reshape([1, 3, _SIDE, _SIDE])
    pairs = {path.name: list(_middles(path)) for path in sets}
    rainy = [_planes(rainy) for each in pairs.values() for rainy, _ in each[1::_EACH]]
    calibration = nncf.Dataset(rainy[:: max(1, len(rainy) // _CALIBRATION)][:_CALIBRATION])
    kept = nncf.IgnoredScope(types=list(_KEPT), validate=False)
    engines = {"float32": _request(graph)}
    for name, scope in (("convolutions", kept), ("all", None)):
        small = nncf.quantize(
            graph.clone(), calibration, preset=nncf.QuantizationPreset.MIXED,
            subset_size=_CALIBRATION, ignored_scope=scope,
        )  # fmt: skip
        engines[name] = _request(small)
    print("| set | n | quantised | dB | lost | to float, mean | least | times as fast |")
    print("|---|---|---|---|---|---|---|---|")
    for name, each in pairs.items():
        tested = each[::_EACH]
        runs = {
            engine: [_derained(request, rainy) for rainy, _ in tested]
            for engine, request in engines.items()
        }
        plain = runs.pop("float32")
        before = _luma(plain, tested)
        for engine, done in runs.items():
            after = _luma(done, tested)
            apart = [psnr(a.clean, b.clean, "rgb") for a, b in zip(done, plain, strict=True)]
            pace = median(p.seconds for p in plain) / median(d.seconds for d in done)
            print(
                f"| {name} | {len(tested)} | {engine} | {after:.2f} | {before - after:.2f} "
                f"| {fmean(apart):.1f} | {min(apart):.1f} | {pace:.2f} |",
                flush=True,
            )


def _middles(path: Path) -> Iterator[tuple[Pixels, Pixels]]:
    """Middles of the pairs that are large enough."""
    for pair in open_pairs(path):
        both = pair.load()
        if min(both[0].shape[:2]) >= _SIDE:
            top, left = ((side - _SIDE) // 2 for side in both[0].shape[:2])
            rainy, clean = (x[top : top + _SIDE, left : left + _SIDE] for x in both)
            yield rainy, clean


def _planes(pixels: Pixels) -> Planes:
    """(H, W, 3) uint8 -> (1, 3, H, W) in 0..1."""
    return pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)


def _luma(runs: list[_Run], pairs: list[tuple[Pixels, Pixels]]) -> float:
    """The mean PSNR over pictures, in dB."""
    both = zip(runs, pairs, strict=True)
    return fmean(psnr(run.clean, truth, "matlab-y") for run, (_, truth) in both)


def _request(graph: Any) -> Any:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(graph, "CPU", settings).create_infer_request()


def _derained(request: Any, rainy: Pixels) -> _Run:
    planes = _planes(rainy)
    began = time.process_time()
    request.infer({0: planes})
    seconds = time.process_time() - began
    rain, detail = (request.get_output_tensor(index).data for index in (0, 1))
    clean = np.clip(planes - rain + detail, 0, 1)[0].transpose(1, 2, 0)
    return _Run(np.rint(clean * 255).astype(np.uint8), seconds)


if __name__ == "__main__":
    main(sys.argv[1], [Path(word) for word in sys.argv[2:]])
