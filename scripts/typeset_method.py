"""Typeset the figure of the method with LaTeX and write it as PDF and in further formats."""

from pathlib import Path

from embedding_shift import cli
from embedding_shift.code_dependencies import source_files
from embedding_shift.paper import method_figure


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--source", required=True, help="LaTeX file of the figure")
    parser.add_argument("--summary", required=True, help="CSV, mean and interval per augmentation and metric")
    parser.add_argument("--image-size", type=int, required=True, help="side of a view in pixels")
    parser.add_argument("--views-given", action="store_true", help="the views are given and not made by the run")
    parser.add_argument("--pdf", required=True, help="PDF to write")
    parser.add_argument("--pictures", nargs="*", default=[], help="PNG (200 dots per inch) and SVG to write")
    arguments = parser.parse_args()
    code = source_files("typeset_method", Path(__file__).resolve().parent)
    settings = {"image_size": arguments.image_size, "views_given": int(arguments.views_given)}
    method_figure.draw(arguments.source, arguments.summary, settings, arguments.pdf, arguments.pictures, code)


if __name__ == "__main__":
    cli.run(main)
