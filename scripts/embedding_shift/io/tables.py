"""Read and write the tables: CSV and Parquet, always whole and always in the same form.

pandas and pyarrow are imported where they are used: many jobs read or write rows of CSV alone.
"""

import csv
import io
import os
import re

from embedding_shift.errors import InputError
from embedding_shift.io import atomic

LONGEST_FIELD = 1_000_000  # characters
LONGEST_LINE = 10 * LONGEST_FIELD
SEAL = b"file_sha256"
SEAL_IN_TAIL = re.compile(SEAL + rb".{1,4}?([0-9a-f]{64})", re.DOTALL)
LONGEST_METADATA = 2**16
SEALED = {SEAL: atomic.PLACEHOLDER, b"sealed_table": b"yes"}


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
    line = io.StringIO(newline="")
    # A field is quoted when it holds a character of the line end; a lone carriage return must be, too.
    writer = csv.DictWriter(line, columns, extrasaction="ignore", lineterminator="\r\n")
    with atomic.whole(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        for row in [dict(zip(columns, columns, strict=True)), *rows]:
            writer.writerow(row)
            file.write(line.getvalue().removesuffix("\r\n") + "\n")
            line.seek(0)
            line.truncate()


def write_csv(path, frame):
    """Write a data frame as CSV; floats keep every digit, so that reading gives the same values back."""
    with atomic.whole(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def read_parquet(paths):
    """Return the rows of several Parquet files as one data frame, in the order of `paths`.

    Raises:
        InputError: a file is absent; or it is no Parquet file, or not the one that `write_parquet` wrote. Such a file
            is deleted, so that a rerun makes it anew.
    """
    import pandas as pd

    return pd.concat([_read_parquet(path) for path in paths], ignore_index=True)


def write_parquet(path, frame):
    """Write a data frame as Parquet; its metadata holds the SHA-256 of all the rest of the file."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_pandas(frame, preserve_index=False)
    with atomic.whole(path) as temporary:
        parquet.write_table(table.replace_schema_metadata(table.schema.metadata | SEALED), temporary)
        tail, start = _tail(temporary)
        atomic.seal(temporary, start + SEAL_IN_TAIL.search(tail).start(1))


def _read_parquet(path):
    import pandas as pd
    import pyarrow as pa

    try:
        tail, start = _tail(path)
        # Two marks, so that damage to one does not make the file look like another program's, which has no checksum.
        if any(mark in tail for mark in SEALED):
            found = SEAL_IN_TAIL.search(tail)
            if not found or not atomic.is_sealed(path, start + found.start(1)):
                raise atomic.damaged(path, "its content does not agree with its checksum")
        return pd.read_parquet(path)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; another job may have found it damaged. Run again.") from None
    except pa.ArrowMemoryError:
        raise InputError(f"there is not enough memory to read {path}") from None
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise  # It cannot be read at all, whatever is in it.
        raise atomic.damaged(path, " ".join(str(error).split())) from None


def _tail(path):
    """Return the end of a file, which holds a Parquet file's metadata, and where it begins, in bytes from the start."""
    with open(path, "rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - LONGEST_METADATA)
        file.seek(start)
        return file.read(), start
