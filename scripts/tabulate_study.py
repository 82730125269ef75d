"""Write the study's tables: noise floor, dose-response curves and means, vanishing doses, equal damage, variance."""

import json

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import dose_response, dose_start, equal_damage, noise_floor, variance


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet file of the study's views")
    parser.add_argument("--references", required=True, help="Parquet file of the study's references")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the tables")
    parser.add_argument("--settings", type=json.loads, required=True, help="dose of each configured setting, as JSON")
    parser.add_argument("--equal-doses", required=True, help="CSV file of the doses at equal damage")
    parser.add_argument("--draws", type=int, required=True, help="draws per image")
    bootstrap.add_arguments(parser)
    parser.add_argument("--noise-floor", required=True, help="CSV file to write")
    parser.add_argument("--dose-response", required=True, help="CSV file to write")
    parser.add_argument("--dose-means", required=True, help="CSV file to write")
    parser.add_argument("--dose-start", required=True, help="CSV file to write")
    parser.add_argument("--equal-damage", required=True, help="CSV file to write")
    parser.add_argument("--variance", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    settings = bootstrap.settings(arguments)
    study = tables.read_parquet([arguments.metrics])
    references = tables.read_parquet([arguments.references])
    tables.write_csv(arguments.noise_floor, noise_floor.table(references, *settings))
    responses = dose_response.responses(study, arguments.augmentations)
    tables.write_csv(arguments.dose_response, dose_response.table(responses, *settings))
    tables.write_csv(arguments.dose_means, dose_response.means_table(responses, *settings))
    tables.write_csv(arguments.dose_start, dose_start.table(responses, arguments.settings, *settings))
    equal_doses = tables.read_csv(arguments.equal_doses)
    at_equal_damage = equal_damage.table(responses, study, equal_doses, arguments.settings, *settings)
    tables.write_csv(arguments.equal_damage, at_equal_damage)
    split = variance.table(study, arguments.augmentations, arguments.draws, settings.confidence)
    tables.write_csv(arguments.variance, split)


if __name__ == "__main__":
    cli.run(main)
