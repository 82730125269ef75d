"""Write the numbers that the paper's text cites as LaTeX macros."""

from embedding_shift import command_line, files, latex, paper_inputs, paper_numbers


def main():
    parser = command_line.parser(__doc__)
    paper_inputs.add_arguments(parser)
    parser.add_argument("--output", required=True, help="LaTeX file to write")
    arguments = parser.parse_args()
    numbers = paper_numbers.numbers(paper_inputs.read(arguments))
    files.write_text(arguments.output, latex.macros(numbers))


if __name__ == "__main__":
    command_line.run(main)
