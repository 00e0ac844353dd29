"""The families of rain: each draws grey layers in [0, 1] for a batch of images."""

from derain.rain.families import crops, drops, sheets, sprays, streaks
from derain.rain.families.crops import check_layers
from derain.rain.families.registry import FAMILIES, Draw, Family, check_families, draws, family

__all__ = [
    "FAMILIES",
    "Draw",
    "Family",
    "check_families",
    "check_layers",
    "crops",
    "draws",
    "drops",
    "family",
    "sheets",
    "sprays",
    "streaks",
]
