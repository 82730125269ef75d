"""The names of the files of an encoder's bundle and of what they hold, for modules that do not need PyTorch."""

CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"
# Prefix of the weights of a classifier's last layer, which reads the embedding.
CLASSIFIER = "classifier."
