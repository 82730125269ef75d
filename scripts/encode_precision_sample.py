"""Encode all views of some images in single precision, as the reference for a faster precision."""

from pathlib import Path

import numpy as np

from embedding_shift import cli, sampling
from embedding_shift.encoders import image_encoder, options
from embedding_shift.io import array_files, shards
from embedding_shift.study.variants import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--views", nargs="+", required=True, help="tar files of all views, in folders named after the view"
    )
    parser.add_argument("--encoded", required=True, help="npz file of the encoded originals; it names the images")
    parser.add_argument("--images", type=int, required=True, help="number of images to encode")
    options.add_arguments(parser)
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    image_ids = sampling.select(map(str, array_files.open_rows(arguments.encoded, "embedding")[0]), arguments.images)
    encoder = image_encoder.from_arguments(arguments, precision="fp32")
    by_view: dict[str, list[str]] = {}
    for path in arguments.views:
        by_view.setdefault(Path(path).parent.name, []).append(path)
    views = (
        shards.View(variant_names.key(image_id, name), view.pixels)
        for name, paths in by_view.items()
        for image_id, view in shards.read_selected(sorted(paths), image_ids).items()
    )
    keys, embedding, attention = encoder.encode(views, "single precision", len(by_view) * len(image_ids))
    array_files.write(arguments.output, np.array(keys), embedding=embedding, attention=attention)


if __name__ == "__main__":
    cli.run(main)
