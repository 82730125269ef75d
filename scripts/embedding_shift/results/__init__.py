"""Read a results folder from Python: tables as data frames, embeddings and attention maps as arrays.

`results.read("results")` checks the folder and returns a Run. Everything else is read when it is asked for.
docs/handover.md has an example.
"""

from embedding_shift.results.reading import ByImage, Measurements, Run, read

__all__ = ["ByImage", "Measurements", "Run", "read"]
