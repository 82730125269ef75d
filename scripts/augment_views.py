"""Make the views of one shard under all augmentations."""

import json
from collections.abc import Sequence
from functools import partial

from embedding_shift import cli, processes
from embedding_shift.compat import memory
from embedding_shift.config.entries import TransformEntry
from embedding_shift.io import checksums, kept_shards, shards
from embedding_shift.views import augment


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names of the augmentations")
    steps_help = f"of every augmentation, in the same order: {augment.STEPS_HELP}"
    parser.add_argument("--steps", nargs="+", type=json.loads, required=True, help=steps_help)
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--threads", type=int, default=1, help="number of processes that share the augmentations")
    parser.add_argument("--code", nargs="*", default=[], help="files whose change makes kept views invalid")
    parser.add_argument("--output", nargs="+", required=True, help="tar files to write, in the same order")
    arguments = parser.parse_args()
    memory.keep_freed()
    shards.verify(arguments.originals)
    jobs = list(zip(arguments.augmentations, arguments.steps, arguments.output, strict=True))
    make = partial(make_views, arguments.originals, arguments.seed, augment.setting(arguments.code))
    processes.call(make, jobs, min(arguments.threads, len(jobs)))


def make_views(
    originals: str, seed: int, setting: str, augmentation: str, steps: Sequence[TransformEntry], output: str
) -> None:
    """Write the views under one augmentation, or take them from an earlier run that made the same."""
    key = kept_shards.key(setting, checksums.read(originals), seed, augmentation, steps)
    if not kept_shards.restore(output, key):
        shards.write(output, augment.augment(shards.read_share(originals, 0, 1), augmentation, steps, seed))
        kept_shards.keep(output, key)


if __name__ == "__main__":
    cli.run(main)
