"""How many images a configured dataset will have, before any is decoded or fetched."""

from embedding_shift.data import manifest, sources
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def count(name, entry):
    """Count the images of a dataset; those that turn out to be unusable are among them, so both are upper limits.

    Args:
        name: of the dataset, for errors.
        entry: the dataset's entry in the configuration.

    Returns:
        images that are decoded, and images that are used.

    Raises:
        InputError: the source cannot be read, or does not tell how many images it holds.
    """
    listed = _listed(entry)
    limits = [limit for limit in (listed, entry["n_images"]) if limit is not None]
    if entry["pin"]:
        limits = [len(tables.read_rows(entry["pin"]))]
    if not limits:
        raise InputError(
            f"dataset {name!r}: how many images {entry['path']} holds is not known before its shards are fetched;"
            " say with `n_images` how many to take"
        )
    used = min(limits)
    # Of URLs, no more are asked for than are needed.
    return (used if listed is None or entry["kind"] == "tsv" else listed), used


def _listed(entry):
    """Return the number of images in a dataset's source; None for shards that have to be fetched."""
    kind, path = entry["kind"], entry["path"]
    if kind == "csv":
        return len(manifest.list_table(path))
    if kind == "folder":
        return len(manifest.list_folder(path))
    if kind == "tsv":
        return len({url for _, url in sources.read_url_table(path)})
    if any(map(sources.is_url, sources.shards_of(path))):
        return None
    return len(sources.list_shards(path, None, None))
