"""Merge the shards of every view into its embedding file and its attention file."""

from embedding_shift import cli
from embedding_shift.io import array_files


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--parts", nargs="+", required=True, help="npz files: all shards of one view after another")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz files to write, one per view")
    parser.add_argument("--attention", nargs="+", required=True, help="npz files to write, one per view")
    arguments = parser.parse_args()
    parts_of_views = cli.grouped(arguments.parts, len(arguments.embeddings))
    for parts, embeddings, attention in zip(parts_of_views, arguments.embeddings, arguments.attention, strict=True):
        array_files.merge(embeddings, parts, "embedding")
        array_files.merge(attention, parts, "attention")


if __name__ == "__main__":
    cli.run(main)
