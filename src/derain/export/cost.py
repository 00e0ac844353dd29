"""What a network costs, from its configuration alone."""

from __future__ import annotations

from derain.nn import NetworkConfig


def multiply_accumulates(config: NetworkConfig) -> int:
    """Multiply-accumulates of the folded convolutions for each image pixel."""
    c, taps = config.channels, 9
    packed = 3 * config.unshuffle**2
    ends = 2 * (packed * c * taps * 2 + c * c * taps)
    rain = config.rain_blocks * 2 * c * c * taps
    detail = config.detail_blocks * 2 * c * c * taps * len(config.dilations)
    return (ends + rain + detail) // config.unshuffle**2


def bytes_per_pixel(config: NetworkConfig) -> int:
    """Memory of a run for each input pixel: about six feature maps and four pictures, float32."""
    return 4 * (6 * config.channels // config.unshuffle**2 + 4 * 3)
