"""Image encoders: bundles of weights, forward passes, and attention maps."""
