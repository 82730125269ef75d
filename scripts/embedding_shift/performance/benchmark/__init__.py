"""The benchmark of a machine: matrix products, encoding, work per view, and whole runs."""
