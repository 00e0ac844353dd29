"""The field's data sets, as data: what each is, where it is to be had, and what is wrong with it.

Counts are those of the sets' papers and pages; nothing is downloaded.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from derain.errors import DatasetError

_FILE = Path(__file__).parent / "catalogue.json"


@dataclass(frozen=True)
class DatasetInfo:
    """One data set.

    Attributes:
        name: What ``--data`` calls it.
        title: For people.
        kind: ``synthetic`` or ``real`` pairs, or ``unpaired``.
        splits: Official split -> number of pairs (scenes for GT-Rain).
        source: The paper.
        where: Where to ask for it.
        terms: As far as known.
        layouts: Folders as they come; all are recognised.
        input_psnr: Lowest and highest PSNR (rgb) of an honest pair, None without pairs. OURS.
        aliases: Other names for it.
        known: What is wrong with it, or easily mistaken.
    """

    name: str
    title: str
    kind: str
    splits: dict[str, int]
    source: str
    where: str
    terms: str
    layouts: tuple[str, ...]
    input_psnr: tuple[float, float] | None
    aliases: tuple[str, ...]
    known: tuple[str, ...]


@lru_cache(maxsize=1)
def catalogue() -> dict[str, DatasetInfo]:
    """All known sets by name."""
    entries = json.loads(_FILE.read_text())
    for entry in entries:
        for key in ("layouts", "aliases", "known"):
            entry[key] = tuple(entry[key])
        if entry["input_psnr"]:
            entry["input_psnr"] = tuple(entry["input_psnr"])
    return {entry["name"]: DatasetInfo(**entry) for entry in entries}


def dataset_named(name: str) -> DatasetInfo:
    """A set by its name or another name for it, whatever the case.

    Raises:
        DatasetError: Unknown; names the nearest.
    """
    names = {n.lower(): info for info in catalogue().values() for n in (info.name, *info.aliases)}
    if name.lower() in names:
        return names[name.lower()]
    near = difflib.get_close_matches(name.lower(), names, 3, 0.5)
    meant = dict.fromkeys(names[n].name for n in near)
    hint = f"; did you mean {' or '.join(meant)}?" if near else ""
    raise DatasetError(f"unknown data set '{name}'; see derain data list{hint}")
