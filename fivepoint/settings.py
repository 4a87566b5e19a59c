"""Where Fivepoint keeps what it is given."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

DATA_FOLDER_VARIABLE = "FIVEPOINT_DATA"
"""Environment variable that names another data folder than the user's own."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The folders of one installation."""

    data_folder: Path

    @property
    def recordings_folder(self) -> Path:
        """Finished recordings and the spools of those under way; made if missing, for its owner."""
        folder = self.data_folder / "recordings"
        self.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def store_path(self) -> Path:
        """The DuckDB file, owned by the process that serves the dashboard."""
        return self.data_folder / "fivepoint.duckdb"

    @property
    def demo_folder(self) -> Path:
        """The demo household, apart from anything real."""
        return self.data_folder / "demo"


def load_settings() -> Settings:
    """The settings of this user on this machine."""
    named = os.environ.get(DATA_FOLDER_VARIABLE)
    return Settings(Path(named).resolve() if named else user_data_path("fivepoint", False))
