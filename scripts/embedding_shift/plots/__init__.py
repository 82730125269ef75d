"""The figures: one module per figure or close family, all in the style of `style`."""
