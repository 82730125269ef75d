"""The figures: one module per figure, all in the style of `style`; `figures` lists them.

To add a figure, see CONTRIBUTING.md. This file imports nothing, so the list of figures can be read without Matplotlib.
"""
