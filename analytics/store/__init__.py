"""The store: analyzed recordings, prescriptions and entries in one DuckDB file."""

from analytics.store import queries
from analytics.store.database import Cursor, Store, StoreError

__all__ = ["Cursor", "Store", "StoreError", "queries"]
