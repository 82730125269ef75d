"""Run the views of one shard through the encoder: embeddings and attention in one pass."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # Everything is in the bundle; a job must not look elsewhere, or wait for it.

import torch

from embedding_shift import command_line, embeddings, encoders, shards


def main():
    parser = command_line.parser(__doc__)
    parser.add_argument("--views", required=True, help="tar of the views")
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--batch-size", type=int, required=True, help="views in one forward pass")
    parser.add_argument("--threads", type=int, required=True, help="processor threads")
    parser.add_argument("--device", required=True, help="auto, cpu, cuda or mps")
    parser.add_argument("--description", default="encoding", help="what the progress bar says")
    parser.add_argument("--output", required=True, help="npz to write")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    encoder = encoders.Encoder(arguments.bundle, arguments.device, arguments.batch_size)
    image_ids, embedding, attention = encoder.encode(
        shards.read(arguments.views), arguments.description, shards.count(arguments.views)
    )
    embeddings.write(arguments.output, image_ids, embedding=embedding, attention=attention)


if __name__ == "__main__":
    command_line.run(main)
