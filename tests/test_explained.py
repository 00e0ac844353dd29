"""Errors of the system and of libraries are told of the file that they are about."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from PIL import Image

from derain.errors import (
    DerainError,
    DiskFullError,
    InternalError,
    OutputConflictError,
    PermissionDeniedError,
)
from derain.explained import explained


def raised_by(path: Path) -> Exception:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - Pillow's and the system's
        Image.open(path)
    return caught.value


def test_a_file_that_is_no_picture_is_no_problem_of_the_output(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("no picture")
    told = explained(raised_by(path))
    assert isinstance(told, InternalError)  # ours are read by derain.media, which says more
    assert str(path) in str(told) and "output" not in str(told)
    assert str(explained(OSError("image file is truncated"), "a.png")).startswith("a.png: image")


def test_the_file_an_error_names_is_told_before_the_one_at_hand(tmp_path: Path) -> None:
    missing = raised_by(tmp_path / "mask.png")
    assert str(explained(missing, "a.png")) == f"{tmp_path / 'mask.png'}: {os.strerror(2)}"
    assert isinstance(explained(raised_by(tmp_path), "a.png"), OutputConflictError)


def test_what_names_no_file_is_the_one_at_hand_or_the_output() -> None:
    """As of a standard output that is a full disk."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    told = explained(full)
    assert isinstance(told, DiskFullError) and str(told).startswith("output: no space")
    assert str(explained(full, "a.png")).startswith("a.png: no space")
    refused = explained(PermissionError(errno.EACCES, "no"), "a.png")
    assert isinstance(refused, PermissionDeniedError) and isinstance(refused, DerainError)
