"""Compute the mean cosine distance between every two augmentations of the same image."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import pairwise_distance


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz file of every augmentation")
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    arrays = [array_files.open_rows(path, "embedding")[1] for path in arguments.embeddings]
    distance = pairwise_distance.pairwise_cosine_distance(arrays)
    frame = pd.DataFrame(distance, columns=arguments.augmentations)
    frame.insert(0, "augmentation", arguments.augmentations)
    tables.write_csv(arguments.output, frame)


if __name__ == "__main__":
    cli.run(main)
