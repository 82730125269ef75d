"""What texts tell about shifts, for encoders with a text tower or a classifier."""
