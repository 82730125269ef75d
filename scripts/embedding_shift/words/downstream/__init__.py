"""What augmentations do to the captions and classes of images."""
