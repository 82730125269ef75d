"""Reasons to reject an image that other modules recognise."""

SAME_PIXELS = "same pixels as "  # followed by the id of the image that is used
# Of given counterparts, each followed by what was found.
OTHER_SIZE = "another size than the original: "
SEVERAL_FILES = "several files fit: "
SEVERAL_ORIGINALS = "it fits several originals: "


def without_details(reason: str) -> str:
    """Return a reason without the image, the files or the sizes that it names, so that images can be counted by it."""
    if reason.startswith(SAME_PIXELS):
        return f"{SAME_PIXELS}another image"
    for beginning in (OTHER_SIZE, SEVERAL_FILES, SEVERAL_ORIGINALS):
        before, found, _ = reason.partition(beginning)
        if found:
            return before + beginning.removesuffix(": ")
    return reason
