"""The rain synthesiser: streak layers, backgrounds, and ways to compose them."""

from derain.rain.presets import PRESETS, rain_preset
from derain.rain.style import RainPreset, RainRecipe, RainStyle
from derain.rain.synthesizer import RainSynthesizer, Sample

__all__ = [
    "PRESETS",
    "RainPreset",
    "RainRecipe",
    "RainStyle",
    "RainSynthesizer",
    "Sample",
    "rain_preset",
]
