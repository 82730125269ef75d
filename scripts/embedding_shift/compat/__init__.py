"""Workarounds that use the internals of other projects: one module each, guarded by version, with a plain fallback."""
