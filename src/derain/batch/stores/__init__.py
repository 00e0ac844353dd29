"""Places that hold files under names: local folders, and buckets of any provider."""

from derain.batch.stores.base import Entry, Store
from derain.batch.stores.open import open_store

__all__ = ["Entry", "Store", "open_store"]
