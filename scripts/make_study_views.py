"""Make the study's views of one augmentation: more draws, graded doses, and images resized by the other method."""

import json
from itertools import chain

from embedding_shift import cli
from embedding_shift.io import shards
from embedding_shift.study.variants import draws_and_doses, reference_views, variant_names
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
    images = reference_views.read(arguments.references)
    originals, others = (images[variant].values() for variant in (variant_names.ORIGINAL, variant_names.OTHER_RESIZE))
    name, steps, scale, seed = arguments.augmentation, arguments.steps, arguments.scale, arguments.seed
    jumps = scale and arguments.doses and draws_and_doses.jumps_at_zero(originals, name, steps[0], scale, seed)
    wanted = draws_and_doses.variants(steps, scale, arguments.draws, arguments.doses, bool(jumps))
    resized = draws_and_doses.augment(others, name, [draws_and_doses.other_resize(steps)], seed)
    shards.write(arguments.output, chain(draws_and_doses.augment(originals, name, wanted, seed), resized))


if __name__ == "__main__":
    cli.run(main)
