"""Text towers of encoders, and their tokenizers."""
