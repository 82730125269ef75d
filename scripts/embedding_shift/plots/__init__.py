"""The figures: one module per figure, all in the style of `style`; `figures` lists them.

This file imports nothing, so the list of figures can be read without Matplotlib.
"""
