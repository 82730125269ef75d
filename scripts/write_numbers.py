"""Write the numbers that the paper's text cites as LaTeX macros."""

from embedding_shift import cli
from embedding_shift.io import atomic
from embedding_shift.paper import inputs, latex, number_macros


def main():
    parser = cli.parser(__doc__)
    inputs.add_arguments(parser)
    parser.add_argument("--output", required=True, help="LaTeX file to write")
    arguments = parser.parse_args()
    numbers = number_macros.numbers(inputs.read(arguments))
    atomic.write_text(arguments.output, latex.macros(numbers))


if __name__ == "__main__":
    cli.run(main)
