"""Make the study's views of one augmentation: more draws and graded doses of a few images."""

import json

from embedding_shift import cli
from embedding_shift.io import shards
from embedding_shift.study import references, study_views, variant_names
from embedding_shift.views import augment


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--references", required=True, help="tar file of the study's references, with its originals")
    parser.add_argument("--augmentation", required=True, help="name of the augmentation")
    parser.add_argument("--steps", type=json.loads, required=True, help=augment.STEPS_HELP)
    parser.add_argument("--scale", type=json.loads, required=True, help="scale of the doses, as JSON; null for none")
    parser.add_argument("--draws", type=int, required=True, help="draws per image")
    parser.add_argument("--doses", type=float, nargs="*", required=True, help="doses, 0 to 1")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--output", required=True, help="tar file to write")
    arguments = parser.parse_args()
    wanted = study_views.variants(arguments.steps, arguments.scale, arguments.draws, arguments.doses)
    originals = references.read(arguments.references)[variant_names.ORIGINAL]
    made = study_views.augment(originals.values(), arguments.augmentation, wanted, arguments.seed)
    shards.write(arguments.output, made)


if __name__ == "__main__":
    cli.run(main)
