"""Write what each transform of a list contributes to the shift of the whole."""

from embedding_shift import cli
from embedding_shift.io import shards, tables
from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import step_contributions


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet file of the study's views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument(
        "--views", nargs="+", required=True, help="tar files of the study's views, one per augmentation"
    )
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    study = tables.read_parquet([arguments.metrics])
    applied = {
        name: step_contributions.applied_steps(shards.read_records(path))
        for name, path in zip(arguments.augmentations, arguments.views, strict=True)
    }
    found = step_contributions.table(study, applied, *bootstrap.settings(arguments))
    tables.write_csv(arguments.output, found)


if __name__ == "__main__":
    cli.run(main)
