"""Recordings from other people's files: delimited text, and the layouts of published data sets."""

from sensors.importers import broad, dsads, mex, sisfall, umafall
from sensors.importers.csv_file import AccUnit, CsvLayout, GyroUnit, TimeUnit, csv_importer
from sensors.importers.importer import Imported, Importer, ImporterError, Item, Selection
from sensors.importers.run import Calibrate, ImportStep, import_all, uncalibrated

IMPORTERS = {
    "sisfall": Importer(sisfall.find, sisfall.read),
    "umafall": Importer(umafall.find, umafall.read),
    "mex": Importer(mex.find, mex.read),
    "dsads": Importer(dsads.find, dsads.read),
    "broad": Importer(broad.find, broad.read),
}
"""The published layouts by name; `csv_importer` makes the one for delimited text."""

__all__ = [
    "IMPORTERS",
    "AccUnit",
    "Calibrate",
    "CsvLayout",
    "GyroUnit",
    "ImportStep",
    "Imported",
    "Importer",
    "ImporterError",
    "Item",
    "Selection",
    "TimeUnit",
    "csv_importer",
    "import_all",
    "uncalibrated",
]
