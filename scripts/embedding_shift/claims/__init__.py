"""The published claims, the verdict of a run on each, and the audit of the released scripts."""
