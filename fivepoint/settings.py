"""Where Fivepoint keeps what it is given, and what its user has set."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from platformdirs import user_data_path

from fivepoint.alerts.rules import AlarmRules
from sensors.errors import FivepointError
from sensors.types import Placement

DATA_FOLDER_VARIABLE = "FIVEPOINT_DATA"
"""Environment variable that names another data folder than the user's own."""


DEFAULT_PORT = 8501
DEFAULT_RATE_HZ = 100.0


class Wishes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `settings.toml` says about recording all day; everything may be left out.

    `wear` has a sensor's name or address for each place, or "" for the nearest one. `patient` is
    the id under which recordings are kept, `time_zone` where that person lives, such as
    "Europe/Vienna"; without it, that of this computer. `stature_cm` is how tall that person is; it
    tells how high the hips rise. `alarm` tells what is done after a fall.
    """

    wear: dict[Placement, str] = {}
    patient: str = "me"
    time_zone: str | None = None
    stature_cm: Annotated[float, msgspec.Meta(ge=50, le=250)] | None = None
    rate_hz: Annotated[float, msgspec.Meta(ge=1)] = DEFAULT_RATE_HZ
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = DEFAULT_PORT
    alarm: AlarmRules = AlarmRules()

    @property
    def wearer(self) -> str:
        """How messages call who wears the sensors."""
        return self.alarm.person or self.patient.capitalize()


@dataclass(frozen=True, slots=True)
class Settings:
    """The folders and files of one installation."""

    data_folder: Path

    @property
    def recordings_folder(self) -> Path:
        """Finished recordings and the spools of those under way; made if missing, for its owner."""
        return _made(_made(self.data_folder) / "recordings")

    @property
    def store_path(self) -> Path:
        """The DuckDB file, owned by the process that serves the dashboard."""
        return self.data_folder / "fivepoint.duckdb"

    @property
    def calibration_path(self) -> Path:
        """How the worn sensors sit, as last calibrated; its folder is made if missing."""
        return _made(self.data_folder) / "calibration.json"

    @property
    def alarm_folder(self) -> Path:
        """What the alarm keeps: its record, its state and what people answered; made if missing."""
        return _made(_made(self.data_folder) / "alarm")

    @property
    def wishes_path(self) -> Path:
        """What the user has set."""
        return self.data_folder / "settings.toml"

    @property
    def virtual_folder(self) -> Path:
        """What virtual sensors recorded, apart from anything real."""
        return self.data_folder / "virtual"

    @property
    def demo_folder(self) -> Path:
        """The demo household, apart from anything real."""
        return self.data_folder / "demo"


def _made(folder: Path) -> Path:
    """A folder, made for its owner if it is missing; FivepointError if it cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FivepointError(
            f"{error.strerror} for {folder}, so nothing can be kept there; name another data "
            f"folder in {DATA_FOLDER_VARIABLE}."
        ) from error
    return folder


def load_settings() -> Settings:
    """The settings of this user on this machine."""
    named = os.environ.get(DATA_FOLDER_VARIABLE)
    return Settings(Path(named).resolve() if named else user_data_path("fivepoint", False))


def read_wishes(path: Path) -> Wishes:
    """What the user has set; the defaults if there is no such file.

    Raises FivepointError that tells where in the file it cannot be understood.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Wishes)
    except FileNotFoundError:
        return Wishes()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FivepointError(
            f"{path} cannot be understood ({error}), so nothing was started; correct it there, or "
            "remove the line."
        ) from error
