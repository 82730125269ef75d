"""Attack some images: make views that move the encoder's embedding as far as possible, and random ones beside them."""

from pathlib import Path

from tqdm import tqdm

from embedding_shift import cli, sampling
from embedding_shift.adversarial import attacked_views, parallel_attacks
from embedding_shift.encoders import gradients, image_encoder, options
from embedding_shift.io import image_lists, shards


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV file of the images")
    parser.add_argument("--originals", nargs="+", required=True, help="tar files of the original views, by shard")
    options.add_arguments(parser)
    parser.add_argument("--images", type=int, required=True, help="number of images to attack")
    parser.add_argument("--epsilons", type=int, nargs="+", required=True, help="largest changes, in grey levels")
    parser.add_argument("--steps", type=int, required=True, help="steps of each attack")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--output", required=True, help="tar file to write")
    arguments = parser.parse_args()
    encoder = image_encoder.from_arguments(arguments, precision="fp32", batch_size=1)
    image_ids = sampling.select(image_lists.read_ids(arguments.manifest), arguments.images)
    originals = shards.read_selected(arguments.originals, image_ids).values()
    made = parallel_attacks.attack_images(
        originals,
        lambda pixels: gradients.ShiftGradient(encoder, Path(arguments.bundle).name, pixels),
        arguments.epsilons,
        arguments.steps,
        arguments.seed,
        encoder.workers,
    )
    with gradients.reproducible():
        total = len(image_ids) * len(arguments.epsilons) * len(attacked_views.KINDS)
        shards.write(arguments.output, tqdm(made, desc="attacking", unit="view", total=total, mininterval=2))


if __name__ == "__main__":
    cli.run(main)
