"""What PyTorch can compute on."""

from __future__ import annotations

import torch

from derain.errors import BackendUnavailableError


def present_device(device: str) -> str:
    """``device``, or with ``auto`` the fastest kind that is here.

    Args:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        BackendUnavailableError: It is not here; says what is.
    """
    present = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if device == "auto":
        return next(name for name, count in present.items() if count)
    kind, colon, index = device.partition(":")
    number = int(index) if index.isdecimal() else -1 if colon else 0
    if not 0 <= number < present.get(kind, 0):
        there = ", ".join(name for name, count in present.items() if count)
        raise BackendUnavailableError(f"device '{device}' is not present; there is: {there}")
    return device
