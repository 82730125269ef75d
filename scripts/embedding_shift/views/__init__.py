"""Augmented views of images: transforms, doses, and where each pixel of a view came from."""
