"""Figures that show images, views, and the encoder's attention on them."""
