"""The card of an augmentation: how far it moves the embedding, and from which dose on it does harm."""
