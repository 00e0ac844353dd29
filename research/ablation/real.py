"""What a trained network does to real photographs, where no truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from PIL import Image

from derain.adapters import foreign_derainer
from derain.data import list_images, read_rgb, spread
from derain.files import atomic_write
from derain.media.compared import side_by_side
from derain.metrics import luma, removed_direction
from derain.nn import load_network
from derain.training.validation import restore

SIDE, SHEETS = 480, 3
FILE = "real.json"


def is_measured(run: Path, folders: list[Path], photos: int) -> bool:
    """Whether ``real.json`` is there and answers the same question."""
    path = run / FILE
    found = json.loads(path.read_text()) if path.is_file() else {}
    asked = list(map(str, folders)), photos
    return (found.get("folders"), found.get("photos")) == asked


def measure_real(run: Path, folders: list[Path], photos: int) -> None:
    """Derain photographs with a run's weights; write ``real.json`` and a few sheets beside them.

    ``removed`` is the mean absolute change of luma in levels of 255, ``direction`` the coherence of
    what was removed (:func:`derain.metrics.removed_direction`): more of the first at an equal
    second is more rain taken, more of the first at a lower second is texture taken. Photographs
    are shrunk to a long side of 480.

    Args:
        run: Folder of a finished run.
        folders: Where the photographs are; without any only that is written.
        photos: At most this many, spread evenly.
    """
    paths = spread([path for folder in folders for path in list_images(folder)], photos)
    asked = {"folders": list(map(str, folders)), "photos": photos}
    if not paths:
        atomic_write(run / FILE, json.dumps(asked).encode())
        return
    network, rows = load_network(run / "network.safetensors"), []
    spec = json.loads((run / "config.json").read_text())["first"]
    first = foreign_derainer(spec) if spec else None
    shown = set(spread(paths, SHEETS))
    for path in paths:
        photo = Image.fromarray(read_rgb(path))
        photo.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        rainy = np.asarray(photo)
        restored, _ = restore(network, rainy, torch.device("cpu"), first)
        removed = float(np.abs(luma(rainy) - luma(restored)).mean())
        rows.append({"removed": removed, "direction": removed_direction(rainy, restored)})
        if path in shown:
            Image.fromarray(side_by_side(rainy, restored)).save(
                run / f"real-{path.parent.name}-{path.stem}.png"
            )
    means = {key: fmean(row[key] for row in rows) for key in rows[0]}
    atomic_write(run / FILE, json.dumps({**asked, **means, "n": len(rows)}, indent=1).encode())
