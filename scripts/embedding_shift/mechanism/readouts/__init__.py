"""The read-outs: one module per table of results, `results/{dataset}/{model}/{module}.csv`."""
