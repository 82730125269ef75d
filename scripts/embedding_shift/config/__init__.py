"""The configuration: its types, its validation, and the page that documents it."""
