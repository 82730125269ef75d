"""Encode the captions, the classes or the prompts of a run with the text tower of an encoder."""

import os

import torch

from embedding_shift import cli
from embedding_shift.encoders import text_encoder
from embedding_shift.words import text_files


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--texts", required=True, choices=text_files.SETS, help="what is encoded")
    parser.add_argument("--source", required=True, help="file of the texts: a manifest, a list of classes, or prompts")
    parser.add_argument("--threads", type=int, default=1, help="number of batches that are computed at the same time")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"  # The bundle holds everything.
    torch.set_num_threads(1)
    texts = text_files.texts_of(arguments.texts, arguments.source)
    embedding = None
    if arguments.texts == text_files.PROMPTS and text_files.knows_texts_by_classes(arguments.bundle):
        cli.warn(
            f"the encoder in {arguments.bundle} knows texts by the names of its classes only, so prompts tell nothing"
        )
    else:
        embedding = text_encoder.encode(arguments.bundle, list(texts.values()), arguments.threads)
        if embedding is None:
            cli.warn(f"the encoder in {arguments.bundle} has no text tower")
    text_files.write(arguments.output, texts, embedding)


if __name__ == "__main__":
    cli.run(main)
