"""What a person who chooses augmentations asks of each: how far it moves the embedding, and from which dose on it does
harm."""
