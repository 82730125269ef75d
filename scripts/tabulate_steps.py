"""Write what each transform of a list contributes to the shift of the whole."""

import json

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import step_contributions


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet file of the study's views")
    parser.add_argument(
        "--transforms", type=json.loads, required=True, help="names of the transforms by augmentation, as JSON"
    )
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    study = tables.read_parquet([arguments.metrics])
    found = step_contributions.table(study, arguments.transforms, *bootstrap.settings(arguments))
    tables.write_csv(arguments.output, found)


if __name__ == "__main__":
    cli.run(main)
