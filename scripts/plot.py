"""Draw a figure and write it as PDF, PNG or SVG; `plot.py FIGURE --help` lists what the figure reads."""

import argparse
from pathlib import Path

from embedding_shift import cli
from embedding_shift.code_dependencies import source_files
from embedding_shift.errors import InputError
from embedding_shift.plots import rendering, style
from embedding_shift.plots.figure_arguments import INPUTS, OPTIONS, flag
from embedding_shift.plots.figures import FIGURES


def main() -> None:
    arguments = vars(parse())
    name = arguments.pop("figure")
    outputs = arguments.pop("output")
    page = style.Page(*(arguments.pop(key) for key in style.Page._fields))
    inputs = {key: arguments.pop(key) for key in FIGURES[name].inputs}
    code = source_files("plot", Path(__file__).resolve().parent, [FIGURES[name].module_path])
    rendering.render(name, inputs, arguments, page, outputs, code)


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
        page = style.USUAL
        options.add_argument("--width", type=float, default=page.width, help="width of a full figure in inches")
        options.add_argument("--font", default=page.font, help="family of the text")
        options.add_argument("--font-size", type=float, default=page.font_size, help="size of most text in points")
        options.add_argument(
            "--output", nargs="+", required=True, type=picture, help="files to write, as .pdf, .png or .svg"
        )
    try:
        return parser.parse_args()
    except argparse.ArgumentError as error:
        raise InputError(f"FIGURE: {error.message}") from None


def picture(path: str) -> str:
    """Return the path of a picture; argparse reports the error."""
    if Path(path).suffix[1:] not in style.METADATA:
        raise argparse.ArgumentTypeError(f"{path} does not end in .pdf, .png or .svg")
    return path


if __name__ == "__main__":
    cli.run(main)
