"""Encode the study's references: originals again, in other batches and precision, resized otherwise, and as JPEG."""

import numpy as np

from embedding_shift import cli
from embedding_shift.encoders import image_encoder, options
from embedding_shift.io import array_files
from embedding_shift.study.variants import reference_views, variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--references", required=True, help="tar file of the study's references")
    options.add_arguments(parser)
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    encoder = image_encoder.from_arguments(arguments)
    views = reference_views.read(arguments.references)
    originals = list(views[variant_names.ORIGINAL].values())
    encoded = {"re-encoding": encoder.encode(originals)}
    for name in (variant_names.OTHER_RESIZE, variant_names.JPEG):
        encoded[name] = encoder.encode(list(views[name].values()))
    encoder.batch_size = encoder.batch_size // 2 or 2
    encoded["other_batch_size"] = encoder.encode(originals)
    other = image_encoder.from_arguments(arguments, precision=variant_names.other_precision(arguments.precision))
    encoded["other_precision"] = other.encode(originals)
    keys = [variant_names.key(image_id, name) for name, (image_ids, _, _) in encoded.items() for image_id in image_ids]
    embedding, attention = (np.concatenate([part[place] for part in encoded.values()]) for place in (1, 2))
    array_files.write(arguments.output, keys, embedding=embedding, attention=attention)


if __name__ == "__main__":
    cli.run(main)
