"""Repeat the known flaws of the seed paper's scripts and write what they do to numbers, ranks and claims."""

from embedding_shift import cli
from embedding_shift.claims import audit, published_claims
from embedding_shift.io import array_files, tables
from embedding_shift.study import variant_names


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--study", required=True, help="Parquet of the study's views")
    parser.add_argument("--ledger", required=True, help="YAML, the claims")
    parser.add_argument("--original-embeddings", required=True, help="npz of the main views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz of the main views, one per augmentation")
    parser.add_argument("--encoded", nargs="+", required=True, help="npz of the study's views, one per augmentation")
    parser.add_argument("--draws", type=int, required=True, help="draws per image")
    parser.add_argument("--failure-share", type=float, required=True, help="share of views that count as failed")
    parser.add_argument("--resamples", type=int, required=True, help="bootstrap resamples")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--audit", required=True, help="CSV to write, of the numbers")
    parser.add_argument("--ranks", required=True, help="CSV to write, of the ranks")
    parser.add_argument("--claims", required=True, help="CSV to write, of the claims")
    arguments = parser.parse_args()
    study = tables.read_parquet([arguments.study])
    image_ids = study["image_id"].unique()
    original = variant_names.selected(array_files.concatenate([arguments.original_embeddings], "embedding"), image_ids)
    by_draw = [{} for _ in range(arguments.draws)]
    for name, main_path, path in zip(arguments.augmentations, arguments.embeddings, arguments.encoded, strict=True):
        by_draw[0][name] = variant_names.selected(array_files.concatenate([main_path], "embedding"), image_ids)
        by_variant = variant_names.variants_of(*array_files.concatenate([path], "embedding"))
        for draw in range(1, arguments.draws):
            by_draw[draw][name] = by_variant[variant_names.draw_name(draw)]
    runs = audit.Runs(study, by_draw, original, arguments.failure_share, arguments.seed)
    means = audit.table(runs)
    tables.write_csv(arguments.audit, means)
    tables.write_csv(arguments.ranks, audit.ranks(means))
    ledger = published_claims.read(arguments.ledger)
    tables.write_csv(arguments.claims, audit.verdicts(runs, ledger, arguments.resamples, arguments.confidence))


if __name__ == "__main__":
    cli.run(main)
