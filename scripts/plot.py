"""Draw a figure and write it as PDF and PNG; `plot.py FIGURE --help` lists what the figure reads."""

import argparse

from embedding_shift import cli
from embedding_shift.errors import InputError
from embedding_shift.plots import rendering
from embedding_shift.plots.figures import FIGURES, INPUTS, OPTIONS, flag


def main() -> None:
    arguments = vars(parse())
    name = arguments.pop("figure")
    pdf, png = arguments.pop("pdf"), arguments.pop("png")
    inputs = {key: arguments.pop(key) for key in FIGURES[name].inputs}
    rendering.render(name, inputs, arguments, pdf, png)


def parse() -> argparse.Namespace:
    parser = cli.parser(__doc__)
    parser.exit_on_error = False
    names = parser.add_subparsers(dest="figure", metavar="FIGURE", required=True)
    for name, figure in FIGURES.items():
        options = names.add_parser(
            name, help=figure.title, description=f"{figure.title}.", formatter_class=parser.formatter_class
        )
        for key in figure.inputs:
            options.add_argument(flag(key), required=True, help=INPUTS[key].help)
        for key in figure.options:
            options.add_argument(flag(key), help=OPTIONS[key].help, **OPTIONS[key].arguments)
        options.add_argument("--pdf", required=True, help="PDF to write")
        options.add_argument("--png", required=True, help="PNG to write, at 200 dots per inch")
    try:
        return parser.parse_args()
    except argparse.ArgumentError as error:
        raise InputError(f"FIGURE: {error.message}") from None


if __name__ == "__main__":
    cli.run(main)
