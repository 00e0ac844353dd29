"""A folder of clean photographs into a folder of pairs; folders of layers into a bank."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import torch

from derain.data import list_images
from derain.data.pairs import read_rgb
from derain.devices import present_device
from derain.errors import (
    ConfigError,
    DatasetError,
    OutputConflictError,
    UsageError,
)
from derain.files import check_writable, real_path
from derain.media import Picture, write_picture
from derain.media.sheet import contact_sheet
from derain.metrics import capped_psnr
from derain.rain.bank import make_bank
from derain.rain.families import draws
from derain.rain.filmed import filmed_layers
from derain.rain.presets import rain_preset
from derain.rain.style import RainPreset
from derain.rain.synthesizer import RainSynthesizer
from derain.tensors import Pixels, to_pixels, to_tensor

_SHEET, _SHEET_ROWS, _SHEET_SIDE = ("clean", "rain", "rainy"), 8, 320
FILMED = 40
"""Layers taken from a clip at most."""


@dataclass(frozen=True)
class Synthesised:
    """What was written.

    Attributes:
        pairs: Number of pairs.
        psnr: Mean PSNR of rainy against clean, matlab-y.
        failures: One line for each photograph that could not be used.
    """

    pairs: int
    psnr: float
    failures: tuple[str, ...]


def without(preset: RainPreset, *families: str) -> RainPreset:
    """The preset without recipes that need layers of these families, where none are at hand."""
    kept = tuple(
        recipe
        for recipe in preset.recipes
        if all(style.family not in families for style in recipe.styles)
    )
    if preset.recipes and not kept:
        raise ConfigError("this rain preset needs rendered streak layers; give their folder")
    return replace(preset, recipes=kept)


def read_layers(folder: Path) -> list[torch.Tensor]:
    """Rendered streak layers of a folder, each (h, w) uint8."""
    return [torch.from_numpy(read_rgb(path)[..., 0].copy()) for path in list_images(folder)]


def bank_of_folders(
    out: Path,
    preset: str,
    streaks: Path | None,
    films: Sequence[Path],
    layers: int,
    side: int,
    seed: int,
    overwrite: bool,
    report: Callable[[str], None],
) -> int:
    """Make the bank of a named preset; gives the number of layers.

    Raises:
        ConfigError: The preset needs layers that are not given.
        DatasetError: A folder or a clip cannot be used.
        OutputConflictError: The file exists and ``overwrite`` is not set.
    """
    if out.exists() and not overwrite:
        raise OutputConflictError(f"{out}: exists already; add --overwrite")
    check_writable(out)
    filmed = []
    for film in films:
        report(f"{film}: taking rain from it")
        filmed += filmed_layers(film, FILMED)
    rendered = read_layers(streaks) if streaks else []
    families = draws({"rendered": rendered, "filmed": filmed})
    return make_bank(out, rain_preset(preset), families, layers, side, seed, report)


def synthesize_folder(
    clean_dir: Path,
    out_dir: Path,
    preset: str,
    streaks: Path | None,
    seed: int,
    copies: int,
    device: str,
    overwrite: bool,
) -> Synthesised:
    """Write ``rainy/``, ``clean/`` and ``rain/`` (what was added, on black) and ``sheet.png``.

    What falls on a photograph depends on its path below ``clean_dir``, the seed and the number of
    the copy alone. A damaged photograph is reported and passed over.

    Raises:
        DatasetError: No photographs, or none could be used.
        OutputConflictError: Pairs exist and ``overwrite`` is not set, or they would lie among the
            photographs.
    """
    if copies < 1:
        raise UsageError(f"--copies must be at least 1, not {copies}")
    device = present_device(device)
    chosen = rain_preset(preset)
    sources = list_images(clean_dir)
    if real_path(clean_dir) in (real_path(out_dir), *real_path(out_dir).parents):
        raise OutputConflictError(
            f"{out_dir}: lies in the photographs' folder, where the next run would take its pairs "
            "for photographs; give another"
        )
    if (out_dir / "rainy").exists() and not overwrite:
        raise OutputConflictError(f"{out_dir / 'rainy'}: exists already; add --overwrite")
    outputs = _outputs(sources, clean_dir, out_dir, copies)
    _refuse_others(out_dir, outputs)
    rendered = []
    if streaks is None:
        chosen = without(chosen, "rendered", "extracted", "filmed")
    else:
        chosen = without(chosen, "extracted", "filmed")
        rendered = read_layers(streaks)
    synthesizer = RainSynthesizer(chosen, rendered)
    scores: list[float] = []
    failures: list[str] = []
    shown: list[tuple[Pixels, Pixels, Pixels]] = []
    for path in sources:
        relative = path.relative_to(clean_dir)
        try:
            photo = read_rgb(path)
        except DatasetError as error:
            failures.append(str(error))
            continue
        for copy in range(copies):
            digest = hashlib.sha256(f"{seed}/{relative.as_posix()}/{copy}".encode()).digest()
            generator = torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)
            sample = synthesizer(to_tensor(photo, device), generator)
            rainy, dry, rain = (to_pixels(layer)[0] for layer in sample)
            for target, pixels in zip(outputs[path, copy], (rainy, dry, rain), strict=True):
                write_picture(Picture(pixels), target)
            scores.append(capped_psnr(rainy, dry))
            if len(shown) < _SHEET_ROWS:
                shown.append((dry, rain, rainy))
    if not scores:
        raise DatasetError(f"{clean_dir}: no photograph could be used; {failures[0]}")
    panels = [panel for row in shown for panel in zip(_SHEET, row, strict=True)]
    sheet = contact_sheet(panels, len(_SHEET), _SHEET_SIDE)
    write_picture(Picture(sheet), out_dir / "sheet.png")
    return Synthesised(len(scores), fmean(scores), tuple(failures))


def _outputs(
    sources: list[Path], clean_dir: Path, out_dir: Path, copies: int
) -> dict[tuple[Path, int], tuple[Path, ...]]:
    """Where the rainy, clean and rain picture of every copy go; never a photograph's place."""
    taken: dict[Path, Path] = {real_path(path): path for path in sources}
    outputs = {}
    for path in sources:
        stem = path.relative_to(clean_dir).with_suffix("")
        for copy in range(copies):
            name = f"{stem}-{copy}.png" if copies > 1 else f"{stem}.png"
            targets = tuple(out_dir / folder / name for folder in ("rainy", "clean", "rain"))
            for target in targets:
                if other := taken.get(real_path(target)):
                    raise OutputConflictError(
                        f"{target}: would replace {other}, or stand for it too; "
                        "give another OUT_DIR or rename one"
                    )
                taken[real_path(target)] = path
            outputs[path, copy] = targets
    return outputs


def _refuse_others(out_dir: Path, outputs: Mapping[tuple[Path, int], tuple[Path, ...]]) -> None:
    """What this run would not write over would be taken for pairs of it."""
    ours = {target for targets in outputs.values() for target in targets}
    there = [
        path
        for folder in ("rainy", "clean", "rain")
        for path in sorted((out_dir / folder).rglob("*"))
        if path.is_file() and path not in ours
    ]
    if there:
        raise OutputConflictError(
            f"{out_dir}: holds {len(there)} pictures that this run does not replace, such as "
            f"{there[0].relative_to(out_dir)}; remove them, or give another"
        )
