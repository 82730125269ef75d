"""Measure what every augmentation does to captions and classes, and whether the shift forecasts it."""

from collections.abc import Mapping

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import bootstrap
from embedding_shift.words import text_files
from embedding_shift.words.downstream import damage, damage_forecast, dose_damage, encoder_texts


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--captions", required=True, help="npz file, the encoded captions")
    parser.add_argument("--classes", required=True, help="npz file, the encoded names of the classes")
    parser.add_argument("--manifest", required=True, help="CSV file, the manifest with the labels of images")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names of the augmentations")
    parser.add_argument("--original", required=True, help="npz file, embeddings of the originals")
    parser.add_argument("--views", nargs="+", required=True, help="npz files, embeddings under every augmentation")
    parser.add_argument(
        "--study", nargs="*", default=[], help="npz files, embeddings of the study's views under every augmentation"
    )
    bootstrap.add_arguments(parser)
    parser.add_argument("--damage", required=True, help="CSV to write, the damage")
    parser.add_argument("--dose-damage", required=True, help="CSV to write, the damage at the doses of the study")
    parser.add_argument("--forecast", required=True, help="CSV to write, its correlation with the shift")
    arguments = parser.parse_args()
    settings = bootstrap.settings(arguments)
    labels = text_files.labels(arguments.manifest)
    uses = encoder_texts.Uses.of_encoder(
        arguments.bundle, text_files.read(arguments.captions), text_files.read(arguments.classes), labels
    )
    warn_of_unknown_labels(labels, uses)
    ids, original = array_files.open_rows(arguments.original, "embedding")
    image_ids = ids.tolist()
    values, shifts = {damage.ORIGINAL: uses.values(image_ids, original, original)}, {}
    for name, path in zip(arguments.augmentations, arguments.views, strict=True):
        _, view = array_files.open_rows(path, "embedding")
        values[name], shifts[name] = uses.values(image_ids, original, view), damage_forecast.shift(original, view)
    dosed = arguments.augmentations if arguments.study else []
    doses = {
        name: dose_damage.at_doses(uses, arguments.original, array_files.read_array(path, "embedding"))
        for name, path in zip(dosed, arguments.study, strict=True)
    }
    forecast = [*damage_forecast.table(shifts, values, settings), *dose_damage.forecast(doses, settings)]
    tables.write_rows(arguments.damage, damage.COLUMNS, damage.table(values, settings))
    tables.write_rows(arguments.dose_damage, dose_damage.COLUMNS, dose_damage.table(doses, settings))
    tables.write_rows(arguments.forecast, damage_forecast.COLUMNS, forecast)


def warn_of_unknown_labels(labels: Mapping[str, str], uses: encoder_texts.Uses) -> None:
    """Warn of labels that are no class of the encoder."""
    unknown = [label for image_id, label in labels.items() if image_id not in uses.labels]
    if uses.predictor is not None and unknown:
        cli.warn(
            f"{len(unknown)} of {len(labels)} labels, such as {unknown[0]!r}, are no class of the encoder; these "
            "images do not count for the accuracy"
        )


if __name__ == "__main__":
    cli.run(main)
