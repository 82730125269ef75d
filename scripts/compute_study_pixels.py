"""Compute the pixel metrics and the measures of damage of the study's views and references."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import shards, tables
from embedding_shift.study.measurement import study_pixels
from embedding_shift.study.variants import reference_views, variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--references", required=True, help="tar file of the study's references")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument(
        "--views", nargs="+", required=True, help="tar files of the study's views, one per augmentation"
    )
    parser.add_argument("--equal-views", required=True, help="tar file of the views at equal damage")
    parser.add_argument("--metrics", required=True, help="Parquet file to write, for the views")
    parser.add_argument("--reference-metrics", required=True, help="Parquet file to write, for the references")
    arguments = parser.parse_args()
    pixels = {
        variant: {image_id: view.pixels for image_id, view in views.items()}
        for variant, views in reference_views.read(arguments.references).items()
    }
    originals = pixels[variant_names.ORIGINAL]
    parts = [
        study_pixels.pixel_rows(pixels, shards.read(path), augmentation)
        for augmentation, path in zip(arguments.augmentations, arguments.views, strict=True)
    ]
    parts.append(study_pixels.equal_damage_rows(originals, shards.read(arguments.equal_views)))
    tables.write_parquet(arguments.metrics, pd.concat(parts, ignore_index=True))
    reference_rows = study_pixels.reference_pixel_rows(originals, pixels[variant_names.JPEG])
    tables.write_parquet(arguments.reference_metrics, reference_rows)


if __name__ == "__main__":
    cli.run(main)
