"""Where weights come from: the model hub, a checkpoint file, a model of transformers, or a Python package."""
