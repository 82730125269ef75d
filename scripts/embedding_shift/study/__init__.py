"""The study: further views of a few images, and what they show about the metrics."""
