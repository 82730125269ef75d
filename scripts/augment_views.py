"""Make the views of one shard under one augmentation."""

import json

from embedding_shift import cli
from embedding_shift.compat import memory
from embedding_shift.io import shards
from embedding_shift.views import augment


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--augmentation", required=True, help="name of the augmentation")
    parser.add_argument("--steps", type=json.loads, required=True, help=augment.STEPS_HELP)
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--output", required=True, help="tar file to write")
    arguments = parser.parse_args()
    memory.keep_freed()
    originals = shards.read(arguments.originals)
    augmented = augment.augment(originals, arguments.augmentation, arguments.steps, arguments.seed)
    shards.write(arguments.output, augmented)


if __name__ == "__main__":
    cli.run(main)
