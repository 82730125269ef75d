"""List the images of a dataset: one module per kind of dataset, all of which return the same listing."""
