"""Merge the shards of one augmentation into its embedding file and its attention file."""

from embedding_shift import cli
from embedding_shift.io import array_files


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--parts", nargs="+", required=True, help="npz files of all shards")
    parser.add_argument("--embeddings", required=True, help="npz to write")
    parser.add_argument("--attention", required=True, help="npz to write")
    arguments = parser.parse_args()
    for name, output in (("embedding", arguments.embeddings), ("attention", arguments.attention)):
        array_files.merge(output, arguments.parts, name)


if __name__ == "__main__":
    cli.run(main)
