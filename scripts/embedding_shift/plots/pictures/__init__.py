"""Figures that show images: views, and the attention of the encoder on them."""
