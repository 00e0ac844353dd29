"""``derain synthesize``: clean photographs in, pairs out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from derain.cli.options import Whole


def synthesize(
    clean_dir: Path,
    out_dir: Path,
    /,
    *,
    preset: str = "broad",
    streaks: Path | None = None,
    seed: Whole = 0,
    copies: Whole = 1,
    device: str = "cpu",
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Put synthesised rain on clean photographs.

    Writes OUT_DIR/rainy, OUT_DIR/clean, OUT_DIR/rain and OUT_DIR/sheet.png, and prints the mean
    PSNR of the rainy pictures.

    Parameters
    ----------
    clean_dir
        Folder of clean photographs.
    out_dir
        Receives the pairs.
    preset
        every, fine, middle, large, dense, light, heavy, blurred, rendered, broad, wide or dry.
    streaks
        Folder of rendered streak layers, grey on black; without it, rendered rain is left out.
    seed
        Fixes what falls.
    copies
        Rainy pictures for each clean one.
    device
        cpu or cuda.
    overwrite
        Replace pairs that exist.
    """
    from derain.rain.folder import synthesize_folder

    result = synthesize_folder(clean_dir, out_dir, preset, streaks, seed, copies, device, overwrite)
    for failed in result.failures:
        print(f"derain: {failed}")
    print(
        f"{result.pairs} pairs in {out_dir}; rainy against clean: {result.psnr:.2f} dB "
        f"(matlab-y, mean, n = {result.pairs})"
    )
    return 1 if result.failures else 0
