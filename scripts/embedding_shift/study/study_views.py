"""The further views that the study compares: more draws, graded doses, and references for what no change looks like."""

import cv2

from embedding_shift import sampling
from embedding_shift.io import shards
from embedding_shift.study.variant_names import JPEG, ORIGINAL, dose_name, draw_name, key
from embedding_shift.views import doses, geometry, transforms

JPEG_QUALITY = 95


def choose(manifest_rows, images):
    """Return at most `images` image ids, sorted: those that an `n_images` of this size would keep."""
    return sampling.select((row["image_id"] for row in manifest_rows), images)


def variants(parameters, scale, draws, dose_levels):
    """Yield (variant, draw, arguments of the transform) of the views that an augmentation needs.

    Args:
        parameters: the configured arguments.
        scale: as of `doses.parameters_at`; None for an augmentation without doses.
        draws: draws per image, the main view among them.
        dose_levels: 0 to 1, none for no doses at all; the configured setting joins them. Dose 0 is the original and
            needs no view.
    """
    for draw in range(1, draws):
        yield draw_name(draw), draw, parameters
    # With the configured setting on it, the curve needs no guess at what that would read.
    levels = (*dose_levels, scale["setting"]) if scale and dose_levels else ()
    for dose in sorted({round(dose, 3) for dose in levels} - {0}):
        # The draw of the main view: along its curve an image keeps direction and pattern, and the amount alone grows.
        yield dose_name(dose), 0, doses.parameters_at(parameters, scale, dose)


def augment(originals, augmentation, transform, wanted, root_seed):
    """Yield the study's views of one augmentation.

    Args:
        originals: views whose record holds `image_sha256`.
        augmentation: its name; part of the seed.
        transform: class name of the transform.
        wanted: what `variants` yields.
        root_seed: seed of the run.
    """
    built = [(variant, draw, arguments, transforms.build(transform, arguments)) for variant, draw, arguments in wanted]
    for original in originals:
        for variant, draw, arguments, instance in built:
            view_seed = transforms.seed(root_seed, original.record["image_sha256"], augmentation, draw)
            pixels, _ = transforms.apply(instance, original.pixels, view_seed)
            record = {"seed": view_seed, "transform": transform, "arguments": arguments}
            yield shards.View(key(original.image_id, variant), pixels, record)


def references(originals):
    """Yield each original under its key in the study, then saved as JPEG of quality 95 and read again."""
    for original in originals:
        yield shards.View(key(original.image_id, ORIGINAL), original.pixels, original.record)
        _, data = cv2.imencode(".jpg", original.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        yield shards.View(key(original.image_id, JPEG), cv2.imdecode(data, cv2.IMREAD_COLOR_RGB))


def correspondence(view):
    """Return the geometry.Correspondence of a view of `augment`, or None where its transform moves no pixel."""
    transform = transforms.build(view.record["transform"], view.record["arguments"])
    if not geometry.moves_pixels(transform):
        return None
    return geometry.correspondence(transform, view.record["seed"], view.pixels.shape[:2])
