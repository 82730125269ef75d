"""Write the study's tables: noise floor, dose-response curves, equal damage, and the split of the variance."""

import json

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.study import dose_response, noise_floor, variance


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet of the study's views")
    parser.add_argument("--references", required=True, help="Parquet of the study's references")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the tables")
    parser.add_argument("--settings", type=json.loads, required=True, help="dose of each configured setting, as JSON")
    parser.add_argument("--draws", type=int, required=True, help="draws per image")
    parser.add_argument("--resamples", type=int, required=True, help="bootstrap resamples")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--noise-floor", required=True, help="CSV to write")
    parser.add_argument("--dose-response", required=True, help="CSV to write")
    parser.add_argument("--equal-damage", required=True, help="CSV to write")
    parser.add_argument("--variance", required=True, help="CSV to write")
    arguments = parser.parse_args()
    bootstrap = arguments.resamples, arguments.confidence, arguments.seed
    study = tables.read_parquet([arguments.metrics])
    references = tables.read_parquet([arguments.references])
    tables.write_csv(arguments.noise_floor, noise_floor.table(references, *bootstrap))
    responses = dose_response.responses(study, arguments.augmentations)
    tables.write_csv(arguments.dose_response, dose_response.table(responses, *bootstrap))
    tables.write_csv(arguments.equal_damage, dose_response.equal_damage(responses, arguments.settings, *bootstrap))
    tables.write_csv(arguments.variance, variance.table(study, arguments.augmentations, arguments.draws))


if __name__ == "__main__":
    cli.run(main)
