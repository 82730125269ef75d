"""Figures of the values of single images, from `metrics.parquet`."""
