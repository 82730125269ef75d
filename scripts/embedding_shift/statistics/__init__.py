"""Statistics over images: intervals, paired tests, rank correlation and clustering."""
