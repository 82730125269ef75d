"""Heads, dimensions and patches of the encoder, named by phrases and captions."""
