"""The validated configuration, and its description for people."""
