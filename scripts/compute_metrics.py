"""Compute the embedding and attention metrics of a model and join them with the other metrics in the long table."""

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.metrics import long_table


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--original-embeddings", required=True, help="npz file of the originals")
    parser.add_argument("--original-attention", required=True, help="npz file of the originals")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz files, one per augmentation")
    parser.add_argument("--attention", nargs="+", required=True, help="npz files, one per augmentation")
    parser.add_argument("--parts", nargs="+", required=True, help="npz files of the metrics that were computed before")
    parser.add_argument("--output", required=True, help="Parquet file to write")
    parser.add_argument(
        "--exclusions", required=True, help="CSV file to write: values that are not defined, with reasons"
    )
    arguments = parser.parse_args()
    parts = [long_table.read_part(path) for path in arguments.parts]
    for kind, original, augmented in (
        ("embedding", arguments.original_embeddings, arguments.embeddings),
        ("attention", arguments.original_attention, arguments.attention),
    ):
        before = array_files.concatenate([original], kind)
        for augmentation, path in zip(arguments.augmentations, augmented, strict=True):
            parts.append(long_table.shift_rows(kind, before, array_files.concatenate([path], kind), augmentation))
    tables.write_csv(arguments.exclusions, long_table.exclusions(parts, arguments.augmentations))
    tables.write_parquet(arguments.output, long_table.merge(parts, arguments.augmentations))


if __name__ == "__main__":
    cli.run(main)
