"""The command-line options that describe an encoder, for scripts that parse them before they load PyTorch."""

import argparse

PRECISIONS = ("fp32", "tf32", "bf16", "fp16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command-line arguments that `image_encoder.from_arguments` reads."""
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="precision of weights and layers")
    parser.add_argument(
        "--batch-size", type=int, help="views in one forward pass; without it, the fastest size within the memory"
    )
    parser.add_argument("--memory-mb", type=int, default=2000, help="memory limit for the batch size")
    parser.add_argument(
        "--threads", type=int, default=1, help="number of readers, and on a processor of batches at a time"
    )
