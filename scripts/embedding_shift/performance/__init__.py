"""The cost of a run: benchmark a machine, and forecast a run before it starts."""
