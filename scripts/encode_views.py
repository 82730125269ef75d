"""Encode the views of one shard: embeddings and attention maps."""

from embedding_shift import cli
from embedding_shift.encoders import image_encoder
from embedding_shift.io import array_files, shards


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--views", required=True, help="tar of the views")
    image_encoder.add_arguments(parser)
    parser.add_argument("--description", default="encoding", help="text of the progress bar")
    parser.add_argument("--output", required=True, help="npz to write")
    arguments = parser.parse_args()
    encoder = image_encoder.from_arguments(arguments)
    image_ids, embedding, attention = encoder.encode(
        shards.read(arguments.views), arguments.description, shards.count(arguments.views)
    )
    array_files.write(arguments.output, image_ids, embedding=embedding, attention=attention)


if __name__ == "__main__":
    cli.run(main)
