"""The store: analyzed recordings, prescriptions and entries in one DuckDB file."""

from analytics.store import queries
from analytics.store.database import Cursor, Store, StoreError
from analytics.store.ingest import ingest, ingest_all, ingest_folder
from analytics.store.sessions import StoredSession

__all__ = [
    "Cursor",
    "Store",
    "StoreError",
    "StoredSession",
    "ingest",
    "ingest_all",
    "ingest_folder",
    "queries",
]
