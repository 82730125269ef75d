"""Transforms that albumentations lacks, or that it computes in another way."""
