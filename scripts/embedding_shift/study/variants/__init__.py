"""The views of the study: their names, and how they are made."""
