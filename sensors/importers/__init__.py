"""Recordings from other people's files: delimited text, and the layouts of published data sets."""

from sensors.importers import broad, dsads, mex, sisfall, umafall
from sensors.importers.csv_file import AccUnit, CsvLayout, GyroUnit, TimeUnit, csv_importer
from sensors.importers.importer import Importer, ImporterError, Selection
from sensors.importers.run import ImportStep, import_all

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
    "CsvLayout",
    "GyroUnit",
    "ImportStep",
    "Importer",
    "ImporterError",
    "Selection",
    "TimeUnit",
    "csv_importer",
    "import_all",
]
