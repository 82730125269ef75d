"""The original paper's claims, this run's verdicts on them, and the audit of the original paper's scripts."""
