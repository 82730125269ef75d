"""Repeat the known flaws of the original paper's scripts, and write how numbers, ranks and verdicts change."""

from embedding_shift import cli
from embedding_shift.claims import audit, published_claims
from embedding_shift.claims.verdicts import Embeddings
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import bootstrap
from embedding_shift.study import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--study", required=True, help="Parquet file of the study's views")
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--original-embeddings", required=True, help="npz file of the originals")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz file of every augmentation's main views")
    parser.add_argument("--encoded", nargs="+", required=True, help="npz file of every augmentation's study views")
    parser.add_argument("--draws", type=int, required=True, help="draws per image")
    parser.add_argument(
        "--failure-share", type=float, required=True, help="share of views that count as failed, 0 to 1"
    )
    bootstrap.add_arguments(parser)
    parser.add_argument("--audit", required=True, help="CSV file to write, of the numbers")
    parser.add_argument("--ranks", required=True, help="CSV file to write, of the ranks")
    parser.add_argument("--claims", required=True, help="CSV file to write, of the verdicts")
    arguments = parser.parse_args()
    settings = bootstrap.settings(arguments)
    study = tables.read_parquet([arguments.study])
    image_ids = study["image_id"].unique()

    def main_views(path: str) -> Embeddings:
        return variant_names.selected(array_files.concatenate([path], "embedding"), image_ids)

    by_draw: list[dict[str, Embeddings]] = [{} for _ in range(arguments.draws)]
    for name, main_path, path in zip(arguments.augmentations, arguments.embeddings, arguments.encoded, strict=True):
        by_draw[0][name] = main_views(main_path)
        by_variant = variant_names.variants_of(*array_files.concatenate([path], "embedding"))
        for draw in range(1, arguments.draws):
            by_draw[draw][name] = by_variant[variant_names.draw_name(draw)]
    original = main_views(arguments.original_embeddings)
    runs = audit.Runs(study, by_draw, original, arguments.failure_share, settings.root_seed)
    means = audit.table(runs)
    tables.write_csv(arguments.audit, means)
    tables.write_csv(arguments.ranks, audit.ranks(means))
    published = published_claims.read(arguments.published_claims)
    verdicts = audit.verdicts(runs, published, settings.resamples, settings.confidence)
    tables.write_csv(arguments.claims, verdicts)


if __name__ == "__main__":
    cli.run(main)
