"""Augmented views of images: transforms, doses, and the correspondence between a view and its original image."""
