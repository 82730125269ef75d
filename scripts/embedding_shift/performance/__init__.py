"""What a run costs: the benchmark of a machine and the forecast of a run."""
