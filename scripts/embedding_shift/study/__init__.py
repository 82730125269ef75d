"""The study of a few images: more draws, graded doses, the noise floor, variance and precision."""
