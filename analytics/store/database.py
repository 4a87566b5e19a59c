"""The DuckDB file: opened by exactly one process, readable by its owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

import duckdb

from sensors.errors import FivepointError


def _script(name: str) -> str:
    return (resources.files("analytics.store") / name).read_text(encoding="utf-8")


SCHEMA_VERSION = 2
"""Version of the tables; an older store is brought up to it by `MIGRATIONS`."""

MIGRATIONS = {1: _script("version_2.sql")}
"""SQL script that leads from a version (the key) to the next one."""

Cursor = duckdb.DuckDBPyConnection
"""A connection of one thread or one run of a page, made by `Store.cursor`."""


class StoreError(FivepointError):
    """The store cannot be opened or used."""


class Store:
    """The open store of this process. Use it as a context manager, or `close` it.

    Threads that add whole recordings take turns by holding `writing`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.writing = Lock()

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the store, made if it is missing, with its tables brought up to date.

        The process that opens it owns it until `close`: DuckDB lets no other process in. Raises
        StoreError when another process owns it, when a newer Fivepoint wrote it, when it is
        damaged or when permission is missing.
        """
        connection = _connect(path)
        try:
            _restrict(path)
            _bring_up_to_date(connection, path)
        except BaseException:
            connection.close()
            raise
        return cls(connection, path)

    def cursor(self) -> Cursor:
        """A connection of its own for one thread; the caller closes it or lets it go."""
        return self._connection.cursor()

    def close(self) -> None:
        """Write everything to the file and give it free."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def named_rows(cursor: Cursor) -> list[dict[str, Any]]:
    """What the last query found, each row by the names of its columns."""
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def transaction(cursor: Cursor) -> Iterator[None]:
    """All of what happens inside, or nothing of it; StoreError when it cannot be written."""
    cursor.begin()
    try:
        yield
    except BaseException as error:
        with suppress(duckdb.Error):  # DuckDB has already rolled back what it gave up itself
            cursor.rollback()
        if isinstance(error, duckdb.Error):
            raise _not_written(error) from error
        raise
    try:
        cursor.commit()
    except duckdb.Error as error:
        raise _not_written(error) from error


def _not_written(error: duckdb.Error) -> StoreError:
    return StoreError(
        f"The store could not be written ({_first_line(error)}), so nothing of this entry was "
        "saved; make room on the disk or try again."
    )


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return duckdb.connect(path, config={"autoinstall_known_extensions": "false"})
    except (duckdb.Error, OSError) as error:
        raise StoreError(_why_not_opened(path, error)) from error


def _why_not_opened(path: Path, error: Exception) -> str:
    text = str(error)
    if "Could not set lock" in text or "being used by another process" in text:
        return (
            f"The store {path} is in use by another process, so this one cannot read or write it; "
            "close the other Fivepoint, or work through its dashboard."
        )
    if isinstance(error, PermissionError) or "permission denied" in text.lower():
        return (
            f"There is no permission to write the store {path}, so nothing can be read or saved; "
            "give your user read and write permission to the file and its folder."
        )
    return (
        f"The store {path} cannot be opened ({_first_line(error)}), so no result can be shown; "
        "restore a backup, or move the file away and ingest the recordings again."
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _restrict(path: Path) -> None:
    """Only the owner may read what is kept about health; Windows keeps its own rules."""
    if os.name == "posix":
        path.chmod(0o600)


def _bring_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        version = _schema_version(connection)
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"The store {path} was written by a newer Fivepoint (its version {version}, this "
                f"one knows {SCHEMA_VERSION}), so it was left untouched; update Fivepoint."
            )
        with transaction(connection):
            if version == 0:
                connection.execute(_script("schema.sql"))
            for old in range(max(version, 1), SCHEMA_VERSION):
                connection.execute(MIGRATIONS[old])
                connection.execute("UPDATE schema_version SET version = ?", [old + 1])
            connection.execute(_script("views.sql"))
    except duckdb.Error as error:
        raise StoreError(_why_not_opened(path, error)) from error


def _schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version of the tables, 0 for an empty file."""
    tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    if not tables:
        return 0
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return int(row[0]) if row and row[0] is not None else 0
