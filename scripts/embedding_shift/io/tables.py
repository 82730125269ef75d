"""Read and write tables: CSV and Parquet, each file whole and always in the same form.

A file beside each Parquet file (`.sha256`) holds its SHA-256, which is checked on every read.

pandas and pyarrow are imported where they are used, because many jobs read and write only rows of CSV.
"""

import contextlib
import csv
import io
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from embedding_shift.errors import InputError
from embedding_shift.io import atomic, checksums
from embedding_shift.io.image_lists import LONGEST_FIELD

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

LONGEST_LINE = 10 * LONGEST_FIELD
# Columns of names, which may look like numbers or missing values: an image may be called `007`, an augmentation `nan`.
NAMES = ["image_id", "before", "after", "augmentation", "model", "first", "second", "prompt", "word", "words"]
NAMES += ["attacked", "measured"]


def read_rows(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file by column, as `read_numbered_rows` does, without their numbers."""
    return [row for _, row in read_numbered_rows(path)]


def read_numbered_rows(path: str | os.PathLike[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file by column, each with the number of its first line, from 1.

    If a row has too few fields, its last values are None. If it has too many, the key None holds the rest.

    Raises:
        InputError: the file does not exist, is not UTF-8 or not CSV, a field or line is too long, or two columns have
            the same name.
    """
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            (number, header), *records = list(_records(file, path)) or [(1, [])]
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"there is no file {path}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8: {error}") from None
    for column in filter(None, header):
        if header.count(column) > 1:
            raise InputError(f"{path}, line {number}: the column {column!r} occurs twice; rename or delete one")
    return [(number, _as_dictionary(header, fields)) for number, fields in records]


def _records(file: TextIO, path: str | os.PathLike[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of an open CSV file that are not empty, each as (number of its first line, fields)."""
    # Without `strict`, a quote that is never closed makes one field of the rest of the table.
    reader = csv.reader(lines(file, path), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{path}, line {number}: the row cannot be read as CSV: {error}; a field that begins with a quote must "
                "end with one, and a quote inside it is written twice"
            ) from None
        if fields is None:
            return
        if fields:
            yield number, fields


def _as_dictionary(header: Sequence[str], fields: Sequence[str]) -> Any:
    row: dict[Any, Any] = dict(itertools.zip_longest(header, fields[: len(header)]))
    return row | {None: fields[len(header) :]} if len(fields) > len(header) else row


def lines(file: TextIO, path: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the lines of an open text file, with their line ends.

    Args:
        file: the open file.
        path: its path, for the error.

    Raises:
        InputError: a line is longer than LONGEST_LINE. The rest of it is not read, because it could fill the memory.
    """
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise InputError(f"{path} has a line of more than {LONGEST_LINE} characters")
        yield line


def write_rows(path: str | os.PathLike[str], columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV.

    Args:
        path: file to write.
        columns: the columns to write, in their order.
        rows: values by column; other keys are left out.
    """
    line = io.StringIO(newline="")
    # The writer quotes a field that contains a character of the line end. A single carriage return must be quoted.
    writer = csv.DictWriter(line, columns, extrasaction="ignore", lineterminator="\r\n")
    with atomic.whole(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        for row in [dict(zip(columns, columns, strict=True)), *rows]:
            writer.writerow(row)
            file.write(line.getvalue().removesuffix("\r\n") + "\n")
            line.seek(0)
            line.truncate()


def read_csv(path: str | os.PathLike[str]) -> "pd.DataFrame":
    """Return a CSV file that `write_csv` or `write_rows` wrote as data frame.

    Names, such as image ids, are text whatever they look like. In the other columns, an empty cell is a missing value.

    Raises:
        InputError: there is no such file.
    """
    import pandas as pd

    try:
        columns = list(pd.read_csv(path, nrows=0).columns)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    missing: dict[Any, Any] = {column: ["", "nan"] for column in columns if column not in NAMES}
    names: dict[Any, Any] = {column: str for column in columns if column in NAMES}
    return pd.read_csv(path, dtype=names, keep_default_na=False, na_values=missing)


def write_csv(path: str | os.PathLike[str], frame: "pd.DataFrame") -> None:
    """Write a data frame as CSV. Floats keep every digit, so that reading returns the same values."""
    with atomic.whole(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def read_parquet(paths: Iterable[str | os.PathLike[str]]) -> "pd.DataFrame":
    """Return the rows of several Parquet files as one data frame, in the order of `paths`.

    A file without a checksum, from another program or copied alone, is read as well. Parquet's own checksums of its
    pages, where it has them, are checked then.

    Raises:
        InputError: a file does not exist, is no Parquet file, or is damaged. A damaged file is deleted, so that a rerun
            makes it again.
    """
    import pandas as pd

    return pd.concat([_read_parquet(path) for path in paths], ignore_index=True)


def write_parquet(path: str | os.PathLike[str], frame: "pd.DataFrame") -> None:
    """Write a data frame as Parquet, then its checksum."""
    import pyarrow as pa

    write_parquet_parts(path, [pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)])


def write_parquet_parts(path: str | os.PathLike[str], parts: "Iterable[pa.Table]") -> None:
    """Write tables with the same columns, at least one, as one Parquet file, then its checksum.

    Every table becomes a row group. Only one of them is in memory at a time.
    """
    import pyarrow.parquet

    with atomic.whole(path) as temporary:
        remaining = iter(parts)
        first = next(remaining)
        schema = first.schema
        with pyarrow.parquet.ParquetWriter(temporary, schema, write_page_checksum=True) as writer:
            for part in itertools.chain([first], remaining):
                # pandas describes a part without rows in another way.
                part = part.replace_schema_metadata(schema.metadata)
                writer.write_table(part, row_group_size=max(1, len(part)))
        sha256 = atomic.sha256(temporary)
    checksums.write(path, sha256)


def read_parquet_parts(path: str | os.PathLike[str]) -> "Iterator[pd.DataFrame]":
    """Yield the row groups of a Parquet file as data frames; only one of them is in memory at a time.

    Raises:
        InputError: as `read_parquet`.
    """
    groups = RowGroups(path)
    return map(groups.read, range(len(groups)))


class RowGroups:
    """The row groups of a Parquet file, which are read one at a time.

    Args:
        path: the file, whose checksum is checked once.

    Raises:
        InputError: as `read_parquet`, also when a group is read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import pyarrow.parquet

        with _reading_parquet(path):
            _verify_checksum(path)
            self._file = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
        self._path = path

    def __len__(self) -> int:
        return int(self._file.num_row_groups)

    def read(self, group: int, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return a row group, or some columns of it, as data frame."""
        return self.read_arrow(group, columns).to_pandas()

    def read_arrow(self, group: int, columns: Sequence[str] | None = None) -> "pa.Table":
        """Return a row group, or some columns of it, without using pandas."""
        with _reading_parquet(self._path):
            return self._file.read_row_group(group, columns)


def _read_parquet(path: str | os.PathLike[str]) -> "pd.DataFrame":
    import pandas as pd

    with _reading_parquet(path):
        _verify_checksum(path)
        return pd.read_parquet(path, page_checksum_verification=True)


def _verify_checksum(path: str | os.PathLike[str]) -> None:
    expected = checksums.read(path)
    if expected is not None and atomic.sha256(path) != expected:
        raise checksums.damaged(path, "its content does not agree with its checksum")


@contextlib.contextmanager
def _reading_parquet(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the errors of reading a Parquet file into InputErrors."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; another job may have found it damaged. Run again.") from None
    except pa.ArrowMemoryError:
        raise InputError(f"there is not enough memory to read {path}") from None
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise  # The file cannot be read, whatever its content is.
        raise checksums.damaged(path, " ".join(str(error).split())) from None
