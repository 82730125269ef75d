"""The metrics of every view of the study, as long tables."""
