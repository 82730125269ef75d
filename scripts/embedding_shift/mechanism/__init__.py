"""How an embedding shift comes about inside the encoder: layers, heads, neighbours, concepts and geometry."""
