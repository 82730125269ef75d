"""The figures of the mechanism: layers, parts, neighbours, concepts and geometry."""
