"""What is wrong with a data set on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from derain.data.layouts import open_pairs
from derain.data.pairs import Pair, Pairs
from derain.data.scenes import group_scenes, perceptual_hash
from derain.errors import DerainError
from derain.metrics import psnr

DUPLICATE = 4
"""Bits of 64 up to which two pictures count as near-duplicates."""
SHIFT_GAIN = 1.0
"""dB that a shift must gain before a pair counts as misaligned."""
ANY_PSNR = (6.0, 60.0)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: ``lonely``, ``corrupt``, ``size``, ``identical``, ``misaligned``, ``psnr``,
            ``duplicate`` or ``leak``.
        file: Where.
        detail: What, for people.
    """

    kind: str
    file: str
    detail: str


@dataclass
class Report:
    """All that was found.

    Attributes:
        layout: How the set was unpacked.
        pairs: Number of pairs.
        problems: In the order of their kinds.
        psnr: Mean PSNR (rgb) of the rainy pictures, None without any.
        scenes: Number of different scenes.
    """

    layout: str
    pairs: int
    problems: list[Problem] = field(default_factory=list)
    psnr: float | None = None
    scenes: int = 0

    def counts(self) -> dict[str, int]:
        """Kind of problem -> how many."""
        return dict(Counter(problem.kind for problem in self.problems))


def find_shift(rainy: Pixels, clean: Pixels, most: int = 8) -> tuple[int, int, float]:
    """How far the clean picture lies off, by phase correlation (Kuglin and Hines, 1975).

    Returns:
        Rows and columns to move the clean picture by, at most ``most`` each way, and the PSNR of
        the luma in dB that doing so gains on the common area.
    """
    grey = np.array([0.299, 0.587, 0.114], np.float32)
    a, b = (x.astype(np.float32) @ grey for x in (rainy, clean))
    window = np.outer(np.hanning(a.shape[0]), np.hanning(a.shape[1]))
    cross = np.fft.rfft2((a - a.mean()) * window) * np.conj(np.fft.rfft2((b - b.mean()) * window))
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=a.shape)
    rows, columns = np.unravel_index(int(surface.argmax()), surface.shape)
    down = int(rows) - (a.shape[0] if rows > a.shape[0] // 2 else 0)
    right = int(columns) - (a.shape[1] if columns > a.shape[1] // 2 else 0)
    if (down, right) == (0, 0) or max(abs(down), abs(right)) > most:
        return 0, 0, 0.0
    inner = (slice(most, -most or None),) * 2
    moved = np.roll(clean, (down, right), (0, 1))
    before, after = (psnr(rainy[inner], x[inner], "full-y") for x in (clean, moved))
    return down, right, after - before


def check_dataset(
    path: Path,
    input_psnr: tuple[float, float] | None = None,
    against: tuple[Path, ...] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Look at every pair of a data set.

    Args:
        path: A folder or table of any known layout.
        input_psnr: Between what two values (dB, rgb) an honest pair lies.
        against: Other splits that must not show the same scenes.
        progress: Told (pairs done, all pairs).

    Raises:
        DatasetError: The folder is missing, empty or of no known layout.
    """
    pairs = open_pairs(path)
    low, high = input_psnr or ANY_PSNR
    report = Report(pairs.layout, len(pairs))
    report.problems += [Problem("lonely", str(p), "has no partner") for p in pairs.lonely]
    hashes: dict[str, int] = {}
    values = []
    for done, pair in enumerate(pairs, 1):
        problem, value, hashed = _check_pair(pair, low, high)
        if problem:
            report.problems.append(problem)
        if value is not None:
            values.append(value)
        if hashed is not None:
            hashes[pair.name] = hashed
        progress(done, len(pairs))
    finite = [value for value in values if np.isfinite(value)]
    report.psnr = float(np.mean(finite)) if finite else None
    report.scenes = len(group_scenes(hashes))
    report.problems += _duplicates(pairs, hashes)
    for other in against:
        report.problems += _leaks(other, hashes)
    return report


def _check_pair(
    pair: Pair, low: float, high: float
) -> tuple[Problem | None, float | None, int | None]:
    try:
        rainy, clean = pair.load()
    except DerainError as error:
        kind = "size" if "must have one size" in str(error) else "corrupt"
        return Problem(kind, str(pair.rainy), str(error)), None, None
    value = psnr(rainy, clean, "rgb")
    hashed = perceptual_hash(clean)
    if not np.isfinite(value):
        return Problem("identical", str(pair.rainy), "equals its partner"), value, hashed
    if min(rainy.shape[:2]) >= 32:
        down, right, gain = find_shift(rainy, clean)
        if gain > SHIFT_GAIN:
            text = f"its partner lies {-down} rows and {-right} columns off ({gain:+.1f} dB)"
            return Problem("misaligned", str(pair.rainy), text), value, hashed
    if not low <= value <= high:
        text = f"{value:.1f} dB (rgb) to its partner, expected {low:g} to {high:g}"
        return Problem("psnr", str(pair.rainy), text), value, hashed
    return None, value, hashed


def _duplicates(pairs: Pairs, hashes: dict[str, int]) -> list[Problem]:
    """Near-duplicate clean pictures, but for one clean picture under several rains."""
    files = {pair.name: pair.clean for pair in pairs}
    problems = []
    for group in group_scenes(hashes, DUPLICATE):
        different = {files[name]: name for name in group}
        if len(different) > 1:
            first, *others = sorted(different.values())
            shown = ", ".join(others[:4]) + (" ..." if len(others) > 4 else "")
            text = f"{len(others)} near-duplicate{'s' if len(others) > 1 else ''}: {shown}"
            problems.append(Problem("duplicate", first, text))
    return problems


def _leaks(other: Path, hashes: dict[str, int]) -> list[Problem]:
    theirs: dict[str, int] = {}
    for pair in open_pairs(other):
        try:
            theirs[pair.name] = perceptual_hash(pair.load()[1])
        except DerainError:
            continue  # a damaged picture is that set's own problem, told when it is checked
    names, values = list(theirs), np.array(list(theirs.values()), np.uint64)
    problems = []
    for name, value in hashes.items():
        near = np.flatnonzero(np.bitwise_count(values ^ np.uint64(value)) <= DUPLICATE)
        if len(near):
            text = f"the same scene as {names[int(near[0])]} in {other}"
            problems.append(Problem("leak", name, text))
    return problems
