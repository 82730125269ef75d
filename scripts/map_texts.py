"""Map where in images and their views the encoder sees what the captions say."""

import numpy as np

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.mechanism import arguments as captured_arguments
from embedding_shift.words import text_files
from embedding_shift.words.named_parts import text_maps


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--captions", required=True, help="npz file, the encoded captions")
    parser.add_argument(
        "--phrases", required=True, help="npz file, the encoded phrases; without any, nothing is mapped"
    )
    captured_arguments.add_arguments(parser)
    parser.add_argument("--table", required=True, help="CSV file to write: maps of originals and views, compared")
    parser.add_argument("--maps", required=True, help="npz file to write: the maps of a few images")
    arguments = parser.parse_args()
    views = captured_arguments.captured_views(arguments)
    found, captions, rows = text_files.read(arguments.captions), {}, []
    # A classifier meets captions in another space than that of its embeddings; it has no phrases.
    share_a_space = text_files.read(arguments.phrases) is not None
    if share_a_space and found is not None:
        captions = dict(zip(found.text_ids.tolist(), found.embedding, strict=True))
    targets = text_maps.targets_of(views, captions)
    if share_a_space:
        rows = list(text_maps.table(views, targets, captured_arguments.settings(arguments)))
    shown = text_maps.shown(views, targets)
    arrays = array_files.read(arguments.captions, ("text_id", "text"))
    texts = dict(zip(arrays["text_id"].tolist(), arrays["text"].tolist(), strict=True))
    told = np.array([texts[image_id] for image_id in shown.image_id.tolist()], dtype=str)
    tables.write_rows(arguments.table, text_maps.COLUMNS, rows)
    array_files.write_arrays(arguments.maps, **shown._asdict(), caption=told)


if __name__ == "__main__":
    cli.run(main)
