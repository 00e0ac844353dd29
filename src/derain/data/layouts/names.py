"""What names of files tell: which picture it is, and whether it is the rainy or the clean one."""

from __future__ import annotations

import re
from typing import Literal

_MARK = re.compile(
    r"^(no)?rain[-_ ]+|[-_ ]*(norain|rainy|rain|clean|target|input|gt|in|x2|s100|c-\d+)$", re.I
)


def picture_key(stem: str) -> str:
    """What is left of a file's name without the marks of its role: norain-001x2 -> 001."""
    previous = None
    while previous != stem:
        previous, stem = stem, _MARK.sub("", stem) or stem
    return stem.lower()


def role(stem: str) -> Literal["rainy", "clean"] | None:
    """Which of a pair a file is by its name, None where it does not say."""
    low = stem.lower()
    if re.match(r"norain[-_ ]", low) or re.search(r"[-_](gt|clean|norain|target)$|-c-\d+$", low):
        return "clean"
    if re.match(r"rain[-_ ]", low) or re.search(r"[-_](in|rain|rainy|input)$|-r-\d+$", low):
        return "rainy"
    return None
