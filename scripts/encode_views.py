"""Encode the views of one or more shards under all augmentations: embeddings and attention maps."""

import argparse
from pathlib import Path

import numpy as np

from embedding_shift import cli, processes, sampling
from embedding_shift.compat import torch_import
from embedding_shift.encoders import digests, gpus, options
from embedding_shift.io import array_files, image_lists
from embedding_shift.io.array_store import Store
from embedding_shift.study.variants import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--views", nargs="+", required=True, help="tar files of the views, those of one output after another"
    )
    options.add_arguments(parser)
    parser.add_argument("--store", help="folder that keeps encoded views, so that none is encoded twice")
    parser.add_argument("--code", nargs="*", default=[], help="files whose change makes stored outputs invalid")
    parser.add_argument("--description", default="encoding", help="text of the progress bar")
    parser.add_argument("--output", nargs="+", required=True, help="npz files to write, one per augmentation")
    parser.add_argument("--manifest", help="CSV, one row per image, from which the images to capture are chosen")
    parser.add_argument(
        "--images", type=int, default=0, help="number of images of which the encoder's inside is captured"
    )
    parser.add_argument("--variants", nargs="*", default=[], help="variants of these images to capture, of keyed views")
    parser.add_argument("--captured", nargs="*", default=[], help="npz files to write for them, one per augmentation")
    arguments = parser.parse_args()
    paths = dict(zip(arguments.output, cli.grouped(arguments.views, len(arguments.output)), strict=True))
    # PyTorch and the encoder load on one core. Another process hashes files meanwhile, and views if it has a core for
    # itself: with a GPU, other jobs use all cores. A thread would slow the loading down.
    on_gpu = arguments.device in ("auto", "cuda") and gpus.visible()
    hashed = arguments.bundle, arguments.code, [] if on_gpu else arguments.views
    with processes.meanwhile(digests.of_files_and_shards, *hashed) as digests_so_far:
        with cli.importing():
            torch_import.import_torch()
            from embedding_shift.encoders import image_encoder, stored_encoding
        encoder = image_encoder.from_arguments(arguments)
        files, known = digests_so_far()
    setting = stored_encoding.setting(encoder, files)
    store = Store(Path(arguments.store, setting)) if arguments.store else None
    captured = stored_encoding.CapturedViews(_images_to_capture(arguments))
    for output, encoded in stored_encoding.encode_shards(
        encoder, paths, store, arguments.description, captured, known
    ).items():
        arrays = {"embedding": encoded.embedding, "attention": encoded.attention}
        array_files.write(output, encoded.image_ids, record=np.array(encoded.records, bytes), **arrays)
    for output, path in zip(paths, arguments.captured, strict=False):
        image_ids, arrays = captured.shard(output)
        array_files.write(path, image_ids, **arrays)


def _images_to_capture(arguments: argparse.Namespace) -> list[str]:
    """Return the ids, or the keys `{image_id}--{variant}`, of the views to capture."""
    if not arguments.manifest:
        return []
    image_ids = sampling.select(image_lists.read_ids(arguments.manifest), arguments.images)
    if not arguments.variants:
        return image_ids
    return [variant_names.key(image_id, variant) for image_id in image_ids for variant in arguments.variants]


if __name__ == "__main__":
    cli.run(main)
