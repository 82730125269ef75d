"""Judge the original paper's claims by the metrics and embeddings of a run."""

from embedding_shift import cli
from embedding_shift.claims import judging, published_claims, verdicts
from embedding_shift.io import array_files, tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--metrics", required=True, help="Parquet file of the long table")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz file of every augmentation")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    embeddings = {
        augmentation: array_files.open_rows(path, "embedding")
        for augmentation, path in zip(arguments.augmentations, arguments.embeddings, strict=True)
    }
    evidence = judging.Evidence(LongTable(arguments.metrics), embeddings, *bootstrap.settings(arguments))
    judgements = judging.judge(published_claims.read(arguments.published_claims), evidence)
    for name, found in judgements.items():
        print(f"{name}: {found.verdict}" + (f" ({found.reason})" if found.reason else ""))
    tables.write_csv(arguments.output, verdicts.as_table(judgements))


if __name__ == "__main__":
    cli.run(main)
