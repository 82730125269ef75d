"""Compare where in the encoders of a run the shifts come about."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.mechanism import agreement


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="names of the encoders")
    parser.add_argument("--layers", nargs="+", required=True, help="layers.csv of each")
    parser.add_argument("--ledgers", nargs="+", required=True, help="ledger.csv of each")
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    layers, ledgers = (
        {name: tables.read_csv(path) for name, path in zip(arguments.models, paths, strict=True)}
        for paths in (arguments.layers, arguments.ledgers)
    )
    tables.write_csv(arguments.output, agreement.table(layers, ledgers))


if __name__ == "__main__":
    cli.run(main)
