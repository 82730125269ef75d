"""Adversarial views: pixels changed by at most ε so that the embedding moves as far as possible."""
