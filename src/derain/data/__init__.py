"""Folders of pictures and pairs, the field's data sets, and splits by scene."""

from derain.data.catalogue import DatasetInfo, catalogue, dataset_named
from derain.data.check import Problem, Report, check_dataset
from derain.data.hub import resolve_source
from derain.data.index import INDEX, compare_with_index, read_index, sha256, write_index
from derain.data.layouts import LAYOUTS, Layout, open_pairs, picture_key
from derain.data.pairs import Pair, Pairs, list_images, read_rgb, spread
from derain.data.scenes import group_scenes, perceptual_hash, split_scenes

__all__ = [
    "INDEX",
    "LAYOUTS",
    "DatasetInfo",
    "Layout",
    "Pair",
    "Pairs",
    "Problem",
    "Report",
    "catalogue",
    "check_dataset",
    "compare_with_index",
    "dataset_named",
    "group_scenes",
    "list_images",
    "open_pairs",
    "perceptual_hash",
    "picture_key",
    "read_index",
    "read_rgb",
    "resolve_source",
    "sha256",
    "split_scenes",
    "spread",
    "write_index",
]
