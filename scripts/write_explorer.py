"""Write the explorer of a run: one HTML page that shows images, views and metrics without a network."""

import json

from embedding_shift import cli
from embedding_shift.claims import published_claims
from embedding_shift.explorer import content, page
from embedding_shift.explorer.run_files import RunFiles
from embedding_shift.io import atomic


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--root", required=True, help="results folder")
    parser.add_argument("--files", nargs="+", required=True, help="files of the run to read, below the results folder")
    parser.add_argument("--datasets", type=json.loads, required=True, help="labels of the datasets by name, as JSON")
    parser.add_argument("--models", type=json.loads, required=True, help="labels of the encoders by name, as JSON")
    parser.add_argument("--published-claims", required=True, help="claims of the original paper")
    parser.add_argument("--neighbours", type=int, required=True, help="number of nearest images to show")
    parser.add_argument("--assets", nargs="+", required=True, help="markup, style and scripts of the page")
    parser.add_argument("--output", required=True, help="HTML file to write")
    arguments = parser.parse_args()
    settings = content.Settings(arguments.datasets, arguments.models, arguments.neighbours)
    published = published_claims.read(arguments.published_claims)
    found = content.collect(RunFiles(arguments.root, arguments.files), settings, published)
    atomic.write_text(arguments.output, page.write(found, arguments.assets))


if __name__ == "__main__":
    cli.run(main)
