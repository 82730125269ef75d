"""Reasons to reject an image that other modules recognise."""

SAME_PIXELS = "same pixels as "  # followed by the id of the image that is used
