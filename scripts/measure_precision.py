"""Measure the error of an encoder's precision, and compare it with the smallest shift."""

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.study.tables import precision
from embedding_shift.study.variants import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--precision", required=True, help="name of the precision")
    parser.add_argument("--sample", required=True, help="npz file of the sample in single precision")
    parser.add_argument("--views", nargs="+", required=True, help="names of the views, in the order of the files below")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz files, one per view")
    parser.add_argument("--attention", nargs="+", required=True, help="npz files, one per view")
    parser.add_argument("--summary", required=True, help="summary.csv")
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    paths = {"embedding": arguments.embeddings, "attention": arguments.attention}
    exact = {kind: array_files.read_array(arguments.sample, kind) for kind in precision.KINDS}
    image_ids = sorted({variant_names.split(key)[0] for key in exact[precision.KINDS[0]][0].tolist()})
    reduced = {
        view: {kind: array_files.read_selected(paths[kind][place], kind, image_ids) for kind in precision.KINDS}
        for place, view in enumerate(arguments.views)
    }
    table = precision.table(arguments.precision, exact, reduced, tables.read_csv(arguments.summary))
    tables.write_csv(arguments.output, table)


if __name__ == "__main__":
    cli.run(main)
