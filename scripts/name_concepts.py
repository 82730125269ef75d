"""Name the dimensions of an embedding by words."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.mechanism import arguments as captured_arguments
from embedding_shift.mechanism.captured_views import ORIGINAL
from embedding_shift.statistics import bootstrap
from embedding_shift.words import text_files
from embedding_shift.words.named_parts import concept_words, phrase_directions


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--phrases", required=True, help="npz file, the encoded phrases")
    captured_arguments.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    encoded, rows = text_files.read(arguments.phrases), []
    if encoded is not None:
        embedding = captured_arguments.captured_views(arguments).read(ORIGINAL, "embedding")["embedding"]
        directions = phrase_directions.directions(encoded.embedding, embedding.shape[1])
        seed = bootstrap.seed_of(arguments.seed, "concept words")
        words = encoded.text_ids.tolist()
        rows = list(concept_words.table(embedding, arguments.neighbours, words, directions, seed))
    tables.write_rows(arguments.output, concept_words.COLUMNS, rows)


if __name__ == "__main__":
    cli.run(main)
