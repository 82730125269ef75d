"""Write the numbers and sentences that the text of the paper cites as LaTeX macros."""

from embedding_shift import cli
from embedding_shift.io import atomic
from embedding_shift.paper import latex, number_macros, reading, sentences


def main() -> None:
    parser = cli.parser(__doc__)
    reading.add_arguments(parser)
    parser.add_argument("--output", required=True, help="LaTeX file to write")
    arguments = parser.parse_args()
    found = reading.read(arguments)
    atomic.write_text(arguments.output, latex.macros([*number_macros.numbers(found), *sentences.all_sentences(found)]))


if __name__ == "__main__":
    cli.run(main)
