"""The paper: LaTeX, numbers, tables and the PDF."""
