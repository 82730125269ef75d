"""Where a number of the paper comes from, and whether a paper and a results folder belong together."""
