"""Where weights come from: the model hub, a checkpoint file, or a package of the Python package index."""
