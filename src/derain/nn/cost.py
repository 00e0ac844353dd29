"""What a network costs, from its configuration alone."""

from __future__ import annotations

from derain.nn.config import NetworkConfig


def multiply_accumulates(config: NetworkConfig) -> int:
    """Multiply-accumulates of the folded convolutions for each image pixel, at inference."""
    taps, total = 9, 0.0

    def ends(channels: int, unshuffle: int, images: int) -> int:
        packed = 3 * unshuffle**2
        return (packed * channels * (images + 1) + channels**2) * taps

    if config.rain_blocks:
        c, unshuffle = config.rain
        total += (ends(c, unshuffle, 1) + config.rain_blocks * 2 * c * c * taps) / unshuffle**2
    if config.detail_blocks:
        c, unshuffle = config.detail
        images = 2 if config.detail_input == "both" else 1
        blocks = config.detail_blocks * 2 * c * c * taps * len(config.dilations)
        total += (ends(c, unshuffle, images) + blocks) / unshuffle**2
        if config.first == "detail":
            total += c * config.channels / unshuffle**2
    return round(total * config.mirrors)


def bytes_per_pixel(config: NetworkConfig) -> int:
    """Memory of a run for each input pixel, float32: about six feature maps of the branch that has
    the larger ones, and four pictures."""
    branches = [config.rain] * bool(config.rain_blocks) + [config.detail] * bool(
        config.detail_blocks
    )
    features = max(6 * channels // unshuffle**2 for channels, unshuffle in branches)
    return 4 * (features + 4 * 3)
