"""Compare attention maps under one augmentation with the geometry undone."""

import json

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.metrics import evaluate
from embedding_shift.views import geometry, transforms


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV of the images")
    parser.add_argument("--original-attention", required=True, help="npz")
    parser.add_argument("--attention", required=True, help="npz of the augmentation")
    parser.add_argument("--augmentation", required=True, help="its name")
    parser.add_argument("--transform", required=True, help="class name of the transform that made the views")
    parser.add_argument("--parameters", type=json.loads, required=True, help="its arguments, as JSON")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--image-size", type=int, required=True, help="side of the views in pixels")
    parser.add_argument("--output", required=True, help="npz to write")
    arguments = parser.parse_args()
    transform = transforms.build(arguments.transform, arguments.parameters)
    sha256 = {row["image_id"]: row["sha256"] for row in tables.read_rows(arguments.manifest)}
    shape = (arguments.image_size, arguments.image_size)

    def warp_of(image_id):
        view_seed = transforms.seed(arguments.seed, sha256[image_id], arguments.augmentation)
        return geometry.correspondence(transform, view_seed, shape)

    (image_ids, before), (_, after) = (
        array_files.concatenate([path], "attention") for path in (arguments.original_attention, arguments.attention)
    )
    moved = geometry.moves_pixels(transform)
    values = evaluate.of_registered_attention(image_ids, before, after, warp_of if moved else None)
    evaluate.write(arguments.output, image_ids, values, arguments.augmentation)


if __name__ == "__main__":
    cli.run(main)
