"""What a network costs, from its configuration alone."""

from __future__ import annotations

from derain.nn.config import NetworkConfig


def multiply_accumulates(config: NetworkConfig) -> int:
    """Multiply-accumulates of the folded convolutions for each image pixel, at inference."""
    c, taps = config.channels, 9
    packed = 3 * config.unshuffle**2
    ends = packed * c * taps * 2 + c * c * taps
    total = 0
    if config.rain_blocks:
        total += ends + config.rain_blocks * 2 * c * c * taps
    if config.detail_blocks:
        second_head = packed * c * taps if config.detail_input == "both" else 0
        total += ends + second_head
        total += config.detail_blocks * 2 * c * c * taps * len(config.dilations)
    return total * config.mirrors // config.unshuffle**2


def bytes_per_pixel(config: NetworkConfig) -> int:
    """Memory of a run for each input pixel: about six feature maps and four pictures, float32."""
    return 4 * (6 * config.channels // config.unshuffle**2 + 4 * 3)
