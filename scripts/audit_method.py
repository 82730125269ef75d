"""Repeat the known flaws of the original paper's scripts, and write how numbers, ranks and verdicts change."""

from embedding_shift import cli
from embedding_shift.claims import audit, few_images, published_claims
from embedding_shift.claims.judging import Embeddings
from embedding_shift.claims.released_runs import Runs
from embedding_shift.io import array_files, tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.metrics import pixel_metrics
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import reference_views, variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--main-metrics", required=True, help="Parquet file, the long table of the main views")
    parser.add_argument("--study", required=True, help="Parquet file of the study's views")
    parser.add_argument("--references", required=True, help="tar file of the study's references, with its originals")
    parser.add_argument("--published-claims", required=True, help="YAML file of the claims")
    parser.add_argument("--original-embeddings", required=True, help="npz file of the originals")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--embeddings", nargs="+", required=True, help="npz file of every augmentation's main views")
    parser.add_argument("--encoded", nargs="+", required=True, help="npz file of every augmentation's study views")
    parser.add_argument("--draws", type=int, required=True, help="draws per image")
    parser.add_argument("--resize", required=True, help="how the original views were resized")
    parser.add_argument(
        "--failure-share", type=float, required=True, help="share of views, and of images, that count as failed, 0 to 1"
    )
    bootstrap.add_arguments(parser)
    parser.add_argument("--audit", required=True, help="CSV file to write, of the numbers")
    parser.add_argument("--ranks", required=True, help="CSV file to write, of the ranks")
    parser.add_argument("--claims", required=True, help="CSV file to write, of the verdicts")
    parser.add_argument("--few-images", required=True, help="CSV file to write, of the means of a few images")
    arguments = parser.parse_args()
    resamples, confidence, root_seed = bootstrap.settings(arguments)
    study = tables.read_parquet([arguments.study])
    originals = reference_views.read(arguments.references)[variant_names.ORIGINAL]
    image_ids = list(originals)

    def main_views(path: str) -> Embeddings:
        return array_files.read_selected(path, "embedding", image_ids)

    by_draw: list[dict[str, Embeddings]] = [{} for _ in range(arguments.draws)]
    resized_otherwise = {}
    for name, main_path, path in zip(arguments.augmentations, arguments.embeddings, arguments.encoded, strict=True):
        by_draw[0][name] = main_views(main_path)
        by_variant = variant_names.variants_of(*array_files.read_array(path, "embedding"))
        resized_otherwise[name] = by_variant[variant_names.OTHER_RESIZE]
        for draw in range(1, arguments.draws):
            by_draw[draw][name] = by_variant[variant_names.draw_name(draw)]
    runs = Runs(
        study=study,
        embeddings=by_draw,
        resized_otherwise=resized_otherwise,
        original=main_views(arguments.original_embeddings),
        textured={image_id: pixel_metrics.textured_share(view.pixels) for image_id, view in originals.items()},
        filtered=arguments.resize == "antialiased",
        failure_share=arguments.failure_share,
        root_seed=root_seed,
    )
    means = list(audit.means(runs))
    tables.write_csv(arguments.audit, audit.table(means, arguments.augmentations, confidence))
    tables.write_csv(arguments.ranks, audit.ranks(means, confidence))
    published = published_claims.read(arguments.published_claims)
    tables.write_csv(arguments.claims, audit.judged(runs, published, resamples, confidence))
    strays = few_images.table(LongTable(arguments.main_metrics), confidence, root_seed)
    tables.write_csv(arguments.few_images, strays)


if __name__ == "__main__":
    cli.run(main)
