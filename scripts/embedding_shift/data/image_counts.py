"""Count the images of a configured dataset before any image is decoded or fetched."""

from embedding_shift.config.entries import DatasetEntry
from embedding_shift.data import counterparts
from embedding_shift.data.sources import csv_table, folder, url_table, webdataset
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def count(name: str, entry: DatasetEntry) -> tuple[int, int]:
    """Count the images of a dataset. Both numbers are upper limits, because unusable images are counted as well.

    Args:
        name: name of the dataset, for error messages.
        entry: the dataset's entry in the configuration.

    Returns:
        The number of images that are decoded, counterparts among them, and the number that is used.

    Raises:
        InputError: the source cannot be read, or does not show how many images it holds.
    """
    listed = _listed(entry)
    limits = [limit for limit in (listed, entry["n_images"]) if limit is not None]
    if entry["pin"]:
        limits = [len(tables.read_rows(entry["pin"]))]
    if not limits:
        raise InputError(
            f"dataset {name!r}: the number of images in {entry['path']} is unknown until its shards are fetched; set "
            "`n_images`"
        )
    used = min(limits)
    # Only as many URLs are requested as are needed.
    decoded = used if listed is None or entry["kind"] == "tsv" else listed
    return decoded * (1 + len(entry.get("counterparts", {}))), used


def _listed(entry: DatasetEntry) -> int | None:
    """Return the number of images in a dataset's source; None for shards that have to be fetched first."""
    kind, path = entry["kind"], entry["path"]
    if kind == "csv":
        return len(csv_table.list_images(path).images)
    if kind == "pairs":
        return len(counterparts.list_originals(path).images)
    if kind == "folder":
        return len(folder.list_images(path).images)
    if kind == "tsv":
        return len({url for _, url in url_table.read(path)})
    if any(map(webdataset.is_url, webdataset.expand(path))):
        return None
    return len(webdataset.list_images(path, None, None).images)
