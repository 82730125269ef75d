"""Measure the views of the attack and those with random signs."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.adversarial import measurement
from embedding_shift.io import array_files, shards, tables
from embedding_shift.study.variants import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", nargs="+", required=True, help="tar files of the original views, by shard")
    parser.add_argument("--views", required=True, help="tar file of the views of the attack")
    parser.add_argument("--embeddings", required=True, help="npz file, embeddings of the original views")
    parser.add_argument("--attention", required=True, help="npz file, attention over the original views")
    parser.add_argument(
        "--encoded", required=True, help="npz file, embeddings and attention of the views of the attack"
    )
    parser.add_argument("--output", required=True, help="Parquet file to write")
    arguments = parser.parse_args()
    image_ids = sorted({variant_names.split(key)[0] for key, _ in shards.read_records(arguments.views)})
    originals = shards.read_selected(arguments.originals, image_ids)
    pixels = {image_id: view.pixels for image_id, view in originals.items()}
    parts = [measurement.pixel_rows(pixels, shards.read(arguments.views))]
    for kind, path in (("embedding", arguments.embeddings), ("attention", arguments.attention)):
        original = array_files.read_selected(path, kind, image_ids)
        parts.append(measurement.output_rows(kind, original, array_files.read_array(arguments.encoded, kind)))
    tables.write_parquet(arguments.output, pd.concat(parts, ignore_index=True))


if __name__ == "__main__":
    cli.run(main)
