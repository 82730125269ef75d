"""Compute the embedding and attention metrics of the study's views and join them with the other metrics."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import array_files, shards, tables
from embedding_shift.study.measurement import study_metrics
from embedding_shift.study.variants import reference_views, variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--main-metrics", required=True, help="Parquet file, the long table of the main views")
    parser.add_argument("--study-pixels", required=True, help="Parquet file, pixel metrics of the study's views")
    parser.add_argument("--reference-pixels", required=True, help="Parquet file, pixel metrics of the references")
    parser.add_argument("--references", required=True, help="tar file of the study's references")
    parser.add_argument("--original-embeddings", required=True, help="npz file of the main views")
    parser.add_argument("--original-attention", required=True, help="npz file of the main views")
    parser.add_argument("--encoded-references", required=True, help="npz file of the references")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument(
        "--views", nargs="+", required=True, help="tar files of the study's views, one per augmentation"
    )
    parser.add_argument("--encoded", nargs="+", required=True, help="npz files of these views, one per augmentation")
    parser.add_argument("--equal-views", required=True, help="tar file of the views at equal damage")
    parser.add_argument("--equal-encoded", required=True, help="npz file of these views")
    parser.add_argument("--output", required=True, help="Parquet file to write, for the views")
    parser.add_argument("--reference-output", required=True, help="Parquet file to write, for the references")
    arguments = parser.parse_args()
    image_ids = reference_views.image_ids(arguments.references)
    parts = [
        study_metrics.main_rows(tables.read_parquet_parts(arguments.main_metrics), image_ids),
        tables.read_parquet([arguments.study_pixels]),
    ]
    originals, equal = {}, {}
    reference_parts = [tables.read_parquet([arguments.reference_pixels])]
    for kind, path in (("embedding", arguments.original_embeddings), ("attention", arguments.original_attention)):
        original = array_files.read_selected(path, kind, image_ids)
        encoded = array_files.read_array(arguments.encoded_references, kind)
        resized_otherwise = variant_names.variants_of(*encoded)[variant_names.OTHER_RESIZE]
        originals[kind] = {variant_names.ORIGINAL: original, variant_names.OTHER_RESIZE: resized_otherwise}
        equal[kind] = array_files.read_array(arguments.equal_encoded, kind)
        reference_parts.append(study_metrics.reference_shift_rows(kind, original, encoded))
        for augmentation, tar, npz in zip(arguments.augmentations, arguments.views, arguments.encoded, strict=True):
            encoded = array_files.read_array(npz, kind)
            parts.append(study_metrics.shift_rows(kind, originals[kind], encoded, augmentation))
            if kind == "attention":
                records = dict(shards.read_records(tar))
                parts.append(study_metrics.registered_attention_rows(originals[kind], encoded, records, augmentation))
    records = dict(shards.read_records(arguments.equal_views))
    parts.append(study_metrics.equal_damage_rows(originals, equal, records))
    tables.write_parquet(arguments.output, pd.concat(parts, ignore_index=True))
    tables.write_parquet(arguments.reference_output, pd.concat(reference_parts, ignore_index=True))


if __name__ == "__main__":
    cli.run(main)
