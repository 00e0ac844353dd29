"""Runs over any number of pictures: folders, buckets, lists; each result exactly once."""

from derain.batch.manifest import Manifest, Row, Summary, summarise
from derain.batch.plan import Plan, parse_shard
from derain.batch.run import run_batch
from derain.batch.sources import open_source
from derain.batch.stores import open_store
from derain.batch.watch import watch_batch

__all__ = [
    "Manifest",
    "Plan",
    "Row",
    "Summary",
    "open_source",
    "open_store",
    "parse_shard",
    "run_batch",
    "summarise",
    "watch_batch",
]
