"""Judge the claims of the ledger by a run's metrics and embeddings."""

from embedding_shift import cli
from embedding_shift.claims import published_claims, verdicts
from embedding_shift.io import array_files, tables


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--ledger", required=True, help="YAML, the claims")
    parser.add_argument("--metrics", required=True, help="Parquet, the long table")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz of every augmentation")
    parser.add_argument("--resamples", type=int, required=True, help="bootstrap resamples")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--output", required=True, help="CSV to write")
    arguments = parser.parse_args()
    ledger = published_claims.read(arguments.ledger)
    evidence = verdicts.Evidence(
        tables.read_parquet([arguments.metrics]),
        {
            augmentation: array_files.concatenate([path], "embedding")
            for augmentation, path in zip(arguments.augmentations, arguments.embeddings, strict=True)
        },
        arguments.resamples,
        arguments.confidence,
        arguments.seed,
    )
    judgements = verdicts.judge(ledger, evidence)
    for name, judgement in judgements.items():
        print(f"{name}: {judgement.verdict}" + (f" ({judgement.reason})" if judgement.reason else ""))
    tables.write_csv(arguments.output, verdicts.as_table(judgements))


if __name__ == "__main__":
    cli.run(main)
