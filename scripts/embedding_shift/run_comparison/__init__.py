"""Compare two runs: which shifts and which verdicts changed."""
