"""Read and write files: whole or not at all, with checksums, always the same bytes for the same content."""
