"""Folders of pictures and pairs, and splits by scene."""

from derain.data.pairs import Pair, list_images, list_pairs
from derain.data.scenes import perceptual_hash, split_scenes

__all__ = ["Pair", "list_images", "list_pairs", "perceptual_hash", "split_scenes"]
