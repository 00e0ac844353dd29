"""From a finished training run to the files the zoo ships, checked on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from derain.errors import ExportError
from derain.export.halo import measure_halo
from derain.export.history import NEEDED, training_of
from derain.export.onnx import PARITY, check_parity, to_onnx
from derain.files import atomic_write
from derain.nn import load_network, macs_per_pixel
from derain.zoo import SHIPPED, ModelCard, card_markdown

Report = Callable[[str], None]


def model_files(name: str) -> tuple[str, str, str, str]:
    """The files of a model: ONNX, weights, card as JSON and as Markdown."""
    return f"{name}.onnx", f"{name}.safetensors", f"{name}.json", f"{name}.md"


def export_run(
    run: Path, name: str, out: Path, summary: str, licence: str, report: Report
) -> ModelCard:
    """Export a finished run as a model of the zoo: ONNX, weights, card (JSON and Markdown).

    Raises:
        ExportError: The run is not finished, or the parity check failed.
        CorruptModelError: Its weights are damaged.
    """
    weights = run / "network.safetensors"
    for needed in (weights.name, "scores.json", *NEEDED):
        if not (run / needed).is_file():
            raise ExportError(f"{run}: not a finished training run (no {needed})")
    network = load_network(weights)
    if network.needs_coarse:
        raise ExportError(
            f"{run}: holds a detail branch alone, for behind another derainer; use "
            "derain.training.repaired"
        )
    onnx = to_onnx(network)
    worst = check_parity(network, onnx)
    report(f"{name}: ONNX and torch differ by at most {worst:.1e} (limit {PARITY:.0e})")
    onnx_file, weight_file, card_file, markdown_file = model_files(name)
    files = {onnx_file: onnx, weight_file: weights.read_bytes()}
    config = network.config
    results = json.loads((run / "scores.json").read_text())
    card = ModelCard(
        name=name,
        summary=summary,
        onnx=onnx_file,
        weights=weight_file,
        sha256={file: hashlib.sha256(data).hexdigest() for file, data in files.items()},
        size_multiple=config.size_multiple,
        receptive_radius=config.receptive_radius,
        halo=measure_halo(network),
        bytes_per_pixel=config.bytes_per_pixel,
        parameters=sum(p.numel() for p in network.parameters()),
        mmac_per_pixel=round(macs_per_pixel(network) / 1e6, 4),
        network=config.to_dict(),
        training=training_of(run, results["cost"]),
        scores=results["scores"],
        licence=licence,
        kind=network.kind,
    )
    for file, data in files.items():
        atomic_write(out / file, data)
    text = card.to_json().encode()
    atomic_write(out / card_file, text)
    atomic_write(out / markdown_file, card_markdown(card).encode())
    if SHIPPED in (out.resolve(), out.resolve().parent):
        _register(out, name, text)
    return card


def _register(out: Path, name: str, card: bytes) -> None:
    """Among the models that ship, which are known by their names."""
    path = out / "manifest.json"
    manifest = json.loads(path.read_text()) if path.is_file() else {}
    manifest[name] = hashlib.sha256(card).hexdigest()
    atomic_write(path, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
