"""The LaTeX tables of the paper. `result_tables.all_tables` returns all of them."""
