"""The LaTeX tables of the paper."""
