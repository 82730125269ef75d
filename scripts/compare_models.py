"""Compare the encoders of a run on one dataset: summaries, agreement on ranking augmentations, paired differences."""

import json

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.statistics import bootstrap, encoder_differences, rank_agreement


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--summaries", nargs="+", required=True, help="CSV file of every encoder, its summary")
    parser.add_argument("--metrics", nargs="+", required=True, help="Parquet file of every encoder, its long table")
    parser.add_argument("--provenances", nargs="+", required=True, help="provenance.json of every encoder")
    bootstrap.add_arguments(parser)
    parser.add_argument("--comparison", required=True, help="CSV file to write, a row per encoder and summary row")
    parser.add_argument("--rank-agreement", required=True, help="CSV file to write, a row per metric and two encoders")
    parser.add_argument("--differences", required=True, help="CSV file to write, a row per augmentation of these")
    arguments = parser.parse_args()
    summaries = dict(zip(arguments.models, map(tables.read_csv, arguments.summaries), strict=True))
    long_tables = {model: LongTable(path) for model, path in zip(arguments.models, arguments.metrics, strict=True)}
    tables.write_csv(arguments.comparison, rank_agreement.side_by_side(summaries))
    weights = dict(zip(arguments.models, map(weights_sha256, arguments.provenances), strict=True))
    agreement = rank_agreement.rank_agreement(long_tables, *bootstrap.settings(arguments), weights)
    tables.write_csv(arguments.rank_agreement, agreement)
    differences = encoder_differences.table(long_tables, weights, bootstrap.settings(arguments))
    tables.write_csv(arguments.differences, differences)


def weights_sha256(provenance: str) -> str:
    """Return the digest of an encoder's weights, from its provenance."""
    with open(provenance, encoding="utf-8") as file:
        digest: str = json.load(file)["tower"]["weights_sha256"]
    return digest


if __name__ == "__main__":
    cli.run(main)
