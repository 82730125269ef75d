"""From a dataset to its manifest: list, fetch, decode and check images."""
