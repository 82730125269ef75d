"""Write the tables of the attack: every metric over ε, and the ε that an augmentation is worth."""

from embedding_shift import cli
from embedding_shift.adversarial import curves, exchange
from embedding_shift.io import tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--measured", required=True, help="Parquet file, metrics of the views of the attack")
    parser.add_argument("--metrics", required=True, help="Parquet file, the long table of the main views")
    bootstrap.add_arguments(parser)
    parser.add_argument("--adversarial", required=True, help="CSV file to write")
    parser.add_argument("--exchange-rate", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    settings = bootstrap.settings(arguments)
    measured = tables.read_parquet([arguments.measured])
    tables.write_csv(arguments.adversarial, curves.table(measured, *settings))
    cosines = LongTable(arguments.metrics)[exchange.COSINE]
    tables.write_csv(arguments.exchange_rate, exchange.table(measured, cosines, *settings))


if __name__ == "__main__":
    cli.run(main)
