"""Compute the pixel metrics of one shard under one augmentation, as they are and with the geometry undone."""

import json

from embedding_shift import cli
from embedding_shift.metrics import evaluate
from embedding_shift.views import geometry, transforms


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar of the original views")
    parser.add_argument("--views", required=True, help="tar of the augmented views")
    parser.add_argument("--augmentation", required=True, help="its name")
    parser.add_argument("--transform", required=True, help="class name of the transform that made the views")
    parser.add_argument("--parameters", type=json.loads, required=True, help="its arguments, as JSON")
    parser.add_argument("--output", required=True, help="npz to write")
    arguments = parser.parse_args()
    transform = transforms.build(arguments.transform, arguments.parameters)

    def warp_of(view):
        return geometry.correspondence(transform, view.record["seed"], view.pixels.shape[:2])

    moved = geometry.moves_pixels(transform)
    image_ids, values = evaluate.of_shards(arguments.originals, arguments.views, warp_of if moved else None)
    evaluate.write(arguments.output, image_ids, values, arguments.augmentation)


if __name__ == "__main__":
    cli.run(main)
