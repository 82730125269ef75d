"""Fetch files from unreliable URLs, with limits on time, size and connections; interrupted runs can be resumed."""
