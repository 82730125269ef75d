"""Figures of the means per metric and augmentation, from `summary.csv`."""
