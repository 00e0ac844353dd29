"""The dial: how much of the change that a network predicts is applied."""

from __future__ import annotations

from numbers import Real

from derain.errors import UsageError

FULL = 1.0
"""All of it, as the network was trained."""


def check_strength(strength: object, name: str = "strength") -> float:
    """A strength from 0 (the picture as it is) to 1 (all that the network predicts).

    Args:
        strength: What was given.
        name: What the caller's user knows it by, for the error.

    Raises:
        UsageError: Outside 0..1, or no number.
    """
    if isinstance(strength, Real) and 0 <= float(strength) <= 1:  # false for NaN too
        return float(strength)  # of NumPy's own kinds, some would turn the layers to float64
    given = strength if isinstance(strength, Real) else f"a {type(strength).__name__}"
    raise UsageError(f"{name} must be a number from 0 to 1, not {given}")
