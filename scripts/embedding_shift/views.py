"""Make the views of a shard: every image of it under one augmentation."""

from embedding_shift import augmentations, shards


def augment(originals, augmentation, transform, parameters, root_seed):
    """Yield the augmented View of every original View.

    Args:
        originals: views whose record holds `image_sha256`.
        augmentation: its name in the configuration; part of the seed.
        transform: class name of the transform.
        parameters: its arguments.
        root_seed: seed of the run.
    """
    built = augmentations.build(transform, parameters)
    for original in originals:
        digest = original.record["image_sha256"]
        view_seed = augmentations.seed(root_seed, digest, augmentation)
        pixels, drawn = augmentations.apply(built, original.pixels, view_seed)
        record = {
            "augmentation": augmentation,
            "image_sha256": digest,
            "seed": view_seed,
            "transform": transform,
            "parameters": drawn,
        }
        yield shards.View(original.image_id, pixels, record)
