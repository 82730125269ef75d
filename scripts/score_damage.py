"""Measure what every augmentation does to captions and classes, and whether the shift forecasts it."""

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import bootstrap
from embedding_shift.words import damage, damage_forecast, encoder_texts, text_files


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--captions", required=True, help="npz file, the encoded captions")
    parser.add_argument("--classes", required=True, help="npz file, the encoded names of the classes")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names of the augmentations")
    parser.add_argument("--original", required=True, help="npz file, embeddings of the originals")
    parser.add_argument("--views", nargs="+", required=True, help="npz files, embeddings under every augmentation")
    bootstrap.add_arguments(parser)
    parser.add_argument("--damage", required=True, help="CSV to write, the damage")
    parser.add_argument("--forecast", required=True, help="CSV to write, its correlation with the shift")
    arguments = parser.parse_args()
    settings = bootstrap.settings(arguments)
    image_ids, original = array_files.read_array(arguments.original, "embedding")
    views = {damage.ORIGINAL: original}
    for name, path in zip(arguments.augmentations, arguments.views, strict=True):
        views[name] = array_files.read_array(path, "embedding")[1]
    values = encoder_texts.values(
        image_ids.tolist(),
        views,
        encoder_texts.Classifier.of_bundle(arguments.bundle),
        text_files.read(arguments.captions),
        text_files.read(arguments.classes),
    )
    tables.write_rows(arguments.damage, damage.COLUMNS, damage.table(values, settings))
    shifts = {name: damage_forecast.shift(original, views[name]) for name in arguments.augmentations}
    tables.write_rows(arguments.forecast, damage_forecast.COLUMNS, damage_forecast.table(shifts, values, settings))


if __name__ == "__main__":
    cli.run(main)
