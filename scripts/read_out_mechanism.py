"""Write one table about how an embedding shift comes about inside the encoder."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.mechanism import registry
from embedding_shift.mechanism.captured_views import CapturedViews
from embedding_shift.mechanism.tower import Tower
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--read-out", required=True, help="name of a module in embedding_shift/mechanism/readouts")
    parser.add_argument("--views", nargs="+", required=True, help="names of the views")
    parser.add_argument("--captured", nargs="+", required=True, help="npz files: the shards of each view in turn")
    parser.add_argument("--tower", required=True, help="npz file, weights of the encoder's read-out")
    parser.add_argument("--precision", required=True, help="precision in which the encoder computed")
    parser.add_argument("--neighbours", type=int, required=True, help="number of nearest neighbours")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    shards = len(arguments.captured) // len(arguments.views)
    paths = {
        view: arguments.captured[place * shards : (place + 1) * shards] for place, view in enumerate(arguments.views)
    }
    read_out = registry.find(arguments.read_out)
    settings = registry.Settings(arguments.precision, arguments.neighbours, bootstrap.settings(arguments))
    rows = read_out.function(CapturedViews(paths, Tower.read(arguments.tower)), settings)
    tables.write_rows(arguments.output, read_out.columns, rows)


if __name__ == "__main__":
    cli.run(main)
