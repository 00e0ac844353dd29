"""The Derainer: tiles through a backend, blended."""

from derain.restore.backends import BACKENDS, Backend
from derain.restore.derainer import Derainer, Separation

__all__ = ["BACKENDS", "Backend", "Derainer", "Separation"]
