"""Name the heads of an encoder by words, and say what each named head writes of every shift."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.mechanism import arguments as captured_arguments
from embedding_shift.words import text_files
from embedding_shift.words.named_parts import head_words, phrase_directions


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--phrases", required=True, help="npz file, the encoded phrases")
    parser.add_argument("--ledger", required=True, help="CSV file, the share of every part in every shift")
    captured_arguments.add_arguments(parser)
    parser.add_argument("--head-words", required=True, help="CSV file to write: the words of every head")
    parser.add_argument("--named-heads", required=True, help="CSV file to write: what each named head writes")
    arguments = parser.parse_args()
    encoded, rows = text_files.read(arguments.phrases), []
    if encoded is not None:
        views = captured_arguments.captured_views(arguments)
        directions = phrase_directions.directions(encoded.embedding, views.tower.matrix.shape[1])
        settings = captured_arguments.settings(arguments)
        rows = list(head_words.table(views, settings, encoded.text_ids.tolist(), directions))
    shifts = head_words.shifts(head_words.named(rows), tables.read_rows(arguments.ledger))
    tables.write_rows(arguments.head_words, head_words.COLUMNS, rows)
    tables.write_rows(arguments.named_heads, head_words.SHIFT_COLUMNS, shifts)


if __name__ == "__main__":
    cli.run(main)
