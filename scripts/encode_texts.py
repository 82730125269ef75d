"""Encode the captions, the classes, the phrases or the prompts of a run with the text tower of an encoder."""

import os
from pathlib import Path

import torch

from embedding_shift import cli
from embedding_shift.encoders.bundle_names import CONFIG_FILE
from embedding_shift.encoders.texts import text_encoder
from embedding_shift.words import text_files


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--texts", required=True, choices=text_files.SETS, help="what is encoded")
    parser.add_argument(
        "--source", required=True, help="file of the texts: a manifest, a list of classes, phrases or prompts"
    )
    parser.add_argument("--threads", type=int, default=1, help="number of batches that are computed at the same time")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"  # The bundle holds everything.
    torch.set_num_threads(1)
    texts = text_files.texts_of(arguments.texts, arguments.source)  # A wrong file is refused for every encoder.
    own_classes = text_files.own_classes(arguments.bundle)
    if arguments.texts == text_files.CLASSES and own_classes:
        texts = text_files.texts_of(arguments.texts, Path(arguments.bundle, CONFIG_FILE))
    embedding, scale = None, None
    if arguments.texts in (text_files.PHRASES, text_files.PROMPTS) and own_classes:
        cli.warn(
            f"the encoder in {arguments.bundle} knows texts by the names of its classes only, so {arguments.texts} "
            "tell nothing"
        )
    else:
        embedding = text_encoder.encode(arguments.bundle, list(texts.values()), arguments.threads)
        if embedding is None:
            cli.warn(f"the encoder in {arguments.bundle} has no text tower")
        elif arguments.texts == text_files.CLASSES and texts and not own_classes:
            scale = logit_scale(arguments.bundle)
    text_files.write(arguments.output, texts, embedding, scale)


def logit_scale(bundle: str) -> float:
    """Return the factor by which an encoder multiplies cosines, or the usual one if it has none."""
    scale = text_encoder.logit_scale(bundle)
    if scale is None:
        scale = text_files.USUAL_SCALE
        cli.warn(
            f"the encoder in {bundle} has no logit scale: cosines of images and classes are multiplied by {scale:g}"
        )
    return scale


if __name__ == "__main__":
    cli.run(main)
