"""Figures of what texts tell about shifts."""
