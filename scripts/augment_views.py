"""Make the views of one shard under all augmentations."""

import json
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

from embedding_shift import cli, processes
from embedding_shift.compat import memory
from embedding_shift.config.entries import TransformEntry
from embedding_shift.io import atomic, checksums, kept_shards, shards
from embedding_shift.views import augment


class WantedShard(NamedTuple):
    """The shard of views to write for one augmentation.

    Attributes:
        augmentation, steps: see `augment.augment`.
        output: path of the shard.
        key: see `kept_shards.key`.
        parts: paths of the files from which it is joined.
    """

    augmentation: str
    steps: Sequence[TransformEntry]
    output: str
    key: str
    parts: list[Path]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names of the augmentations")
    steps_help = f"of every augmentation, in the same order: {augment.STEPS_HELP}"
    parser.add_argument("--steps", nargs="+", type=json.loads, required=True, help=steps_help)
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--threads", type=int, default=1, help="number of processes that share the images")
    parser.add_argument("--code", nargs="*", default=[], help="files whose change makes kept views invalid")
    parser.add_argument("--output", nargs="+", required=True, help="tar files to write, in the same order")
    arguments = parser.parse_args()
    memory.keep_freed()
    shards.verify(arguments.originals)
    decisive = augment.setting(arguments.code), checksums.read(arguments.originals), arguments.seed
    wanted = []
    for augmentation, steps, output in zip(arguments.augmentations, arguments.steps, arguments.output, strict=True):
        parts = [atomic.temporary_path(f"{output}.part") for _ in range(arguments.threads)]
        wanted.append(WantedShard(augmentation, steps, output, kept_shards.key(*decisive, augmentation, steps), parts))
    kept = [shard for shard in wanted if kept_shards.is_kept(shard.output, shard.key)]
    restored = processes.call(kept_shards.restore, [(shard.output, shard.key) for shard in kept], arguments.threads)
    there = {shard.output for shard, is_there in zip(kept, restored, strict=True) if is_there}
    missing = [shard for shard in wanted if shard.output not in there]
    try:
        make(missing, arguments.originals, arguments.seed, arguments.threads)
    finally:
        for part in chain.from_iterable(shard.parts for shard in missing):
            part.unlink(missing_ok=True)


def make(wanted: Sequence[WantedShard], originals: str, seed: int, threads: int) -> None:
    """Write shards of views. Every process makes the views of a share of the images; this one joins them meanwhile."""
    count = shards.count(originals)
    bounds = [count * number // threads for number in range(threads + 1)]
    shares = [slice(*each) for each in pairwise(bounds)]
    jobs = [(shard, *each) for shard in wanted for each in zip(shard.parts, shares, strict=True)]
    for shard in wanted:
        Path(shard.output).parent.mkdir(parents=True, exist_ok=True)
        atomic.delete_leftovers(f"{shard.output}.part")
        kept_shards.forget(shard.output)
    with closing(processes.results(partial(make_part, originals, seed), jobs, threads)) as made:
        for shard in wanted:
            for _ in shard.parts:
                next(made)
            sha256 = shards.join(shard.output, shard.parts)
            kept_shards.keep(shard.output, shard.key, sha256)
            for part in shard.parts:
                part.unlink()


def make_part(originals: str, seed: int, shard: WantedShard, part: Path, share: slice) -> None:
    """Write the views of a share of the images under one augmentation."""
    originals_of_share = shards.read_share(originals, share)
    with atomic.reported_as(shard.output, part):
        shards.write_part(part, augment.augment(originals_of_share, shard.augmentation, shard.steps, seed))


if __name__ == "__main__":
    cli.run(main)
