"""The store: who may open it, and what becomes of it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.store import Store, StoreError, database, queries
from tests.stored import PATIENT, opened, plan

HOLD_OPEN = """
import sys
from pathlib import Path
from analytics.store import Store
with Store.open(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
"""

OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
from analytics.store import Store, StoreError
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere
try:
    Store.open(Path(sys.argv[1]))
except StoreError as error:
    print(error)
"""


def complaint(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_new_store_and_its_folder_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "fivepoint.duckdb"
    Store.open(path).close()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_entered_is_there_after_closing_and_opening_again(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor):
        queries.add_prescription(cursor, plan())
    with Store.open(tmp_path / "fivepoint.duckdb") as store, store.cursor() as cursor:
        assert queries.prescriptions(cursor, PATIENT) == [plan()]


def test_a_store_in_use_by_another_process_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "fivepoint.duckdb"
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD_OPEN, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        assert "in use by another process" in complaint(path)
        owner.communicate("\n")
    Store.open(path).close()


def test_a_store_of_a_newer_version_is_left_untouched(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        cursor.execute("UPDATE schema_version SET version = 99")
    before = store.path.read_bytes()
    assert "newer Fivepoint" in complaint(store.path)
    assert store.path.read_bytes() == before


def test_an_older_store_is_brought_up_to_date_and_keeps_what_it_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as (store, _):
        pass
    monkeypatch.setattr(database, "SCHEMA_VERSION", 4)
    scripts = {
        2: "ALTER TABLE patients ADD COLUMN note VARCHAR",
        3: "UPDATE patients SET note = ''",
    }
    monkeypatch.setattr(database, "MIGRATIONS", scripts)
    for _ in range(2):
        with Store.open(store.path) as migrated, migrated.cursor() as cursor:
            assert cursor.execute("SELECT patient_id, note FROM patients").fetchall() == [
                (PATIENT, "")
            ]
            assert cursor.execute("SELECT version FROM schema_version").fetchall() == [(4,)]


def test_a_failed_migration_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as (store, _):
        pass
    with monkeypatch.context() as patch:
        patch.setattr(database, "SCHEMA_VERSION", 3)
        patch.setattr(database, "MIGRATIONS", {2: "DELETE FROM patients; SELECT * FROM nowhere"})
        assert "nowhere" in complaint(store.path)
    with Store.open(store.path) as intact, intact.cursor() as cursor:
        assert [patient.id for patient in queries.patients(cursor)] == [PATIENT]


@pytest.mark.parametrize("damage", [b"this is no database", b"\0" * 20_000])
def test_a_file_that_is_no_store_is_told_with_the_remedy(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "fivepoint.duckdb"
    path.write_bytes(damage)
    assert "restore a backup" in complaint(path)
    assert path.read_bytes() == damage


def test_a_database_of_something_else_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "fivepoint.duckdb"
    with opened(tmp_path) as (_, cursor):
        cursor.execute("DROP TABLE schema_version")
    assert "schema_version" in complaint(path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions; run it on Linux")
def test_missing_permission_is_told_with_the_remedy(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    opening = subprocess.run(
        [sys.executable, "-c", OPEN_AS_NOBODY, str(locked / "fivepoint.duckdb")],
        capture_output=True,
        text=True,
    )
    assert "no permission to write the store" in opening.stdout, opening.stderr
