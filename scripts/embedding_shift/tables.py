"""Read and write the tables: CSV and Parquet, always whole and always in the same form."""

import csv
import errno
import hashlib
import json

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from embedding_shift import files
from embedding_shift.errors import InputError

LONGEST_FIELD = 1_000_000  # characters
LONGEST_LINE = 10 * LONGEST_FIELD
DIGEST = b"content_sha256"


def read_rows(path):
    """Return the rows of a CSV file as dictionaries of strings.

    Raises:
        InputError: the file is absent, not UTF-8 or not CSV, or a field or line is too long.
    """
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(lines(file, path)))
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"there is no file {path}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8: {error}") from None


def lines(file, path):
    """Yield the lines of an open text file, with their ends.

    Raises:
        InputError: a line is longer than LONGEST_LINE; it is not read to its end, which may fill the memory.
    """
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise InputError(f"{path} has a line of more than {LONGEST_LINE} characters")
        yield line


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
    """Return the rows of several Parquet files that `write_parquet` wrote as one data frame, in the order of `paths`.

    Raises:
        InputError: a file is absent; or it is not what was written. Such a file is deleted, so that a rerun makes it
            anew.
    """
    return pd.concat([_read_parquet(path) for path in paths], ignore_index=True)


def write_parquet(path, frame):
    """Write a data frame as Parquet, with a digest of its content in the metadata."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    digest = {DIGEST: _digest(table.to_pandas()).encode()}
    with files.whole(path) as temporary:
        parquet.write_table(table.replace_schema_metadata(table.schema.metadata | digest), temporary)


def _read_parquet(path):
    try:
        table = parquet.read_table(path)
        frame = table.to_pandas()
        intact = _digest(frame) == table.schema.metadata.get(DIGEST, b"").decode()
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except Exception as error:  # The reader raises many kinds on damaged data; all but the system's own mean the same.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise files.damaged(path, " ".join(str(error).split())) from None
    if not intact:
        raise files.damaged(path, "its content does not agree with its digest")
    return frame


def _digest(frame):
    """SHA-256 of names, types and values: Parquet's own checksums cover neither its headers nor its footer."""
    digest = hashlib.sha256(json.dumps([(name, str(kind)) for name, kind in frame.dtypes.items()]).encode())
    for name in frame:
        digest.update(pd.util.hash_pandas_object(frame[name], index=False).to_numpy().tobytes())
    return digest.hexdigest()
