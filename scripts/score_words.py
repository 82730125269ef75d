"""Tell in words where the embeddings move under every augmentation."""

import numpy as np

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import bootstrap
from embedding_shift.words import prompts, shift_in_words, text_files


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--prompts", required=True, help="YAML file of the prompts")
    parser.add_argument("--texts", required=True, help="npz file, the encoded texts of the prompts")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names of the augmentations")
    parser.add_argument("--original", required=True, help="npz file, embeddings of the originals")
    parser.add_argument("--views", nargs="+", required=True, help="npz files, embeddings under every augmentation")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    encoded, rows = text_files.read(arguments.texts), []
    if encoded is not None:
        told = prompts.read(arguments.prompts)
        found = shift_in_words.directions(told, encoded, bootstrap.seed_of(arguments.seed, "words"))
        image_ids, original = array_files.read_array(arguments.original, "embedding")
        views = {}
        for name, path in zip(arguments.augmentations, arguments.views, strict=True):
            ids, views[name] = array_files.read_array(path, "embedding")
            assert np.array_equal(ids, image_ids)
        rows = list(shift_in_words.table(told, found, original, views))
    tables.write_rows(arguments.output, shift_in_words.COLUMNS, rows)


if __name__ == "__main__":
    cli.run(main)
