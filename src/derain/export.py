"""From a finished training run to the files the zoo ships, with the parity checked on the way."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from derain.errors import ExportError
from derain.files import atomic_write
from derain.nn import DRDNet, NetworkConfig, fold, load_network
from derain.zoo import ModelCard, card_markdown

PARITY = 1e-4
_OPSET = 18

Report = Callable[[str], None]


class _Branches(nn.Module):
    """The two branches without the skip, which is added outside in float32."""

    def __init__(self, network: DRDNet) -> None:
        super().__init__()
        self.rain, self.detail = network.rain, network.detail

    def forward(self, rainy: Tensor) -> tuple[Tensor, Tensor]:
        return self.rain(rainy), self.detail(rainy)


def to_onnx(network: DRDNet) -> bytes:
    """Fold a network and export it with dynamic height and width.

    Input ``rainy`` (1, 3, H, W) float32, outputs ``rain`` and ``detail`` of the same shape; H and W
    are multiples of ``network.config.size_multiple``.
    """
    branches = _Branches(fold(network)).eval()
    multiple = network.config.size_multiple
    sides = [multiple * torch.export.Dim(f"{name}_units", min=1, max=4096) for name in ("h", "w")]
    example = (torch.rand(1, 3, 3 * multiple, 5 * multiple),)
    buffer = io.BytesIO()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            branches,
            example,
            input_names=["rainy"],
            output_names=["rain", "detail"],
            dynamic_shapes=({2: sides[0], 3: sides[1]},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(buffer)
    return buffer.getvalue()


def check_parity(network: DRDNet, onnx: bytes) -> float:
    """Largest difference between the network and its export, over several sizes.

    Raises:
        ExportError: It is above 1e-4.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    network = network.eval()
    multiple, worst = network.config.size_multiple, 0.0
    generator = torch.Generator().manual_seed(0)
    for rows, columns in ((1, 1), (2, 5), (7, 3)):
        rainy = torch.rand(1, 3, rows * multiple, columns * multiple, generator=generator)
        with torch.no_grad():
            layers = network(rainy)
        for name, expected in (("rain", layers.rain), ("detail", layers.detail)):
            (got,) = session.run([name], {"rainy": rainy.numpy()})
            worst = max(worst, float(np.abs(got - expected.numpy()).max()))
    if not worst <= PARITY:
        raise ExportError(f"the exported network differs from torch by {worst:.2e}, over {PARITY}")
    return worst


def multiply_accumulates(config: NetworkConfig) -> int:
    """Multiply-accumulates of the folded convolutions for each image pixel."""
    c, taps = config.channels, 9
    packed = 3 * config.unshuffle**2
    ends = 2 * (packed * c * taps * 2 + c * c * taps)
    rain = config.rain_blocks * 2 * c * c * taps
    detail = config.detail_blocks * 2 * c * c * taps * len(config.dilations)
    return (ends + rain + detail) // config.unshuffle**2


def bytes_per_pixel(config: NetworkConfig) -> int:
    """Memory of a run for each input pixel: about seven feature maps and four pictures, float32."""
    return 4 * (7 * config.channels // config.unshuffle**2 + 4 * 3)


def default_halo(config: NetworkConfig) -> int:
    """Context a tile needs: the convolutions' whole reach and one pooling window.

    Pools further away reach a pixel only through several means and gates; what they change is far
    below half a level (tests/restore/test_tiling.py).
    """
    reach = config.receptive_radius + config.pool_window * config.unshuffle // 2
    return -(-reach // config.size_multiple) * config.size_multiple


def export_run(
    run: Path, name: str, out: Path, summary: str, licence: str, report: Report
) -> ModelCard:
    """Export a finished run as a model of the zoo: ONNX, weights, card (JSON and Markdown).

    Raises:
        ExportError: The run is not finished, or the parity check failed.
        CorruptModelError: Its weights are damaged.
    """
    weights = run / "network.safetensors"
    if not weights.is_file() or not (run / "scores.json").is_file():
        raise ExportError(f"{run}: not a finished run (no network.safetensors and scores.json)")
    network = load_network(weights)
    onnx = to_onnx(network)
    worst = check_parity(network, onnx)
    report(f"{name}: ONNX and torch differ by at most {worst:.1e} (limit {PARITY:.0e})")
    files = {f"{name}.onnx": onnx, f"{name}.safetensors": weights.read_bytes()}
    config = network.config
    results = json.loads((run / "scores.json").read_text())
    card = ModelCard(
        name=name,
        summary=summary,
        onnx=f"{name}.onnx",
        weights=f"{name}.safetensors",
        sha256={file: hashlib.sha256(data).hexdigest() for file, data in files.items()},
        size_multiple=config.size_multiple,
        receptive_radius=config.receptive_radius,
        halo=default_halo(config),
        bytes_per_pixel=bytes_per_pixel(config),
        parameters=sum(p.numel() for p in network.parameters()),
        mmac_per_pixel=round(multiply_accumulates(config) / 1e6, 4),
        network=config.to_dict(),
        training=_training(run, results["cost"]),
        scores=results["scores"],
        licence=licence,
    )
    for file, data in files.items():
        atomic_write(out / file, data)
    text = card.to_json().encode()
    atomic_write(out / f"{name}.json", text)
    atomic_write(out / f"{name}.md", card_markdown(card).encode())
    _register(out, name, text)
    return card


def _register(out: Path, name: str, card: bytes) -> None:
    path = out / "manifest.json"
    manifest = json.loads(path.read_text()) if path.is_file() else {}
    manifest[name] = hashlib.sha256(card).hexdigest()
    atomic_write(path, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())


def _training(run: Path, cost: dict[str, Any]) -> dict[str, Any]:
    config = json.loads((run / "config.json").read_text())
    trained_on = json.loads((run / "split.json").read_text())["trained_on"]
    sources = [*config["data"]["pairs"], *config["data"]["synthesis"]]
    total = sum(source["weight"] for source in sources)
    data = [
        {
            "name": source["name"],
            "pictures": trained_on[source["name"]],
            "share": round(source["weight"] / total, 4),
            "terms": source["terms"],
        }
        for source in sources
    ]
    return {
        "config": f"configs/{Path(config['out']).name}.toml",
        "steps": config["steps"],
        "batch": config["batch"],
        "patch": config["patch"],
        "seed": config["seed"],
        "commit": config.get("commit", ""),
        "cost": cost,
        "data": data,
    }


def current_commit() -> str:
    """The commit of the working folder, for the record; empty outside a repository."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
