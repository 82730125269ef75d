"""Fetch files from URLs that misbehave: bounded in time, size and number, checked, and resumable."""
