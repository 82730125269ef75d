"""Read and write the tables: CSV and Parquet, always whole and always in the same form."""

import csv

import pandas as pd

from embedding_shift import files
from embedding_shift.errors import InputError


def read_rows(path):
    """Return the rows of a CSV file as dictionaries of strings.

    Raises:
        InputError: the file is absent, not UTF-8 or not CSV.
    """
    csv.field_size_limit(1_000_000)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"there is no file {path}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8: {error}") from None


def write_rows(path, columns, rows):
    """Write dictionaries as CSV with exactly `columns`."""
    with files.whole(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_csv(path, frame):
    """Write a data frame as CSV; floats keep every digit, so that reading gives the same values back."""
    with files.whole(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def read_parquet(paths):
    """Return the rows of several Parquet files as one data frame, in the order of `paths`."""
    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)


def write_parquet(path, frame):
    """Write a data frame as Parquet."""
    with files.whole(path) as temporary:
        frame.to_parquet(temporary, index=False)
