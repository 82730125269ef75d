"""Read and write files: whole or not at all, with checksums, and the same bytes for the same content."""
