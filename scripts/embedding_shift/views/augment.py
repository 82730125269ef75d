"""Make the views of a shard: every image of it under one augmentation."""

from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.views import transforms


def augment(originals, augmentation, transform, parameters, root_seed):
    """Yield the augmented View of every original View.

    Args:
        originals: views whose record holds `image_sha256`.
        augmentation: its name in the configuration; part of the seed.
        transform: class name of the transform.
        parameters: its arguments.
        root_seed: seed of the run.

    Raises:
        InputError: the entry is wrong, or the transform cannot be applied to an image.
    """
    try:
        built = transforms.build(transform, parameters)
    except InputError as error:
        raise InputError(f"augmentation {augmentation!r}: {error}") from None
    for original in originals:
        digest = original.record["image_sha256"]
        view_seed = transforms.seed(root_seed, digest, augmentation)
        try:
            pixels, drawn = transforms.apply(built, original.pixels, view_seed)
        except InputError as error:
            raise InputError(f"augmentation {augmentation!r}, image {original.image_id!r}: {error}") from None
        record = {
            "augmentation": augmentation,
            "image_sha256": digest,
            "seed": view_seed,
            "transform": transform,
            "parameters": drawn,
        }
        yield shards.View(original.image_id, pixels, record)
