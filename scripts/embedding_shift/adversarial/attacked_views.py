"""Views of the attack and random views of the same size, with their records.

The key of a view is `{image_id}--{kind}-{epsilon}`, such as `kodim01--attack-004`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from embedding_shift.adversarial.attack import Pixels, ShiftGradient, attack, random_signs
from embedding_shift.io import shards
from embedding_shift.study.variants import variant_names
from embedding_shift.views import seeds
from embedding_shift.views.view_record import Step, ViewRecord

ATTACK, SIGNS = "attack", "signs"
KINDS = (ATTACK, SIGNS)
TRANSFORMS = {ATTACK: "ProjectedGradientDescent", SIGNS: "RandomSigns"}  # names in the records
AUGMENTATION = "adversarial"


def variant(kind: str, epsilon: int) -> str:
    """Return the variant of a view of one of KINDS, the part of its key behind the image id."""
    return f"{kind}-{epsilon:03d}"


def kind_and_epsilon(name: str) -> tuple[str, int]:
    """Return what `variant` joined."""
    kind, _, epsilon = name.partition("-")
    return kind, int(epsilon)


def views_of(
    original: shards.View, gradient: ShiftGradient, epsilons: Sequence[int], steps: int, root_seed: int
) -> Iterator[shards.View]:
    """Yield for every ε the attacked view of an image and the one with random signs.

    A view depends on the image, ε, the number of steps, the seed and the encoder, and on nothing else.

    Args:
        original: the image, whose record holds `image_sha256`.
        gradient: the shift of a view of this image and its gradient.
        epsilons: largest changes, in grey levels.
        steps: number of steps of an attack.
        root_seed: seed of the run.
    """
    digest = original.record["image_sha256"]

    def view(kind: str, epsilon: int, pixels: Pixels, arguments: dict[str, Any], drawn: dict[str, Any]) -> shards.View:
        name = variant(kind, epsilon)
        step = Step(TRANSFORMS[kind], {"epsilon": epsilon} | arguments, seed(name), drawn)
        height, width, _ = pixels.shape
        record = ViewRecord(f"{AUGMENTATION} {name}", digest, (step,), draw=0, shape=(height, width))
        return shards.View(variant_names.key(original.image_id, name), pixels, record.as_json())

    def seed(name: str) -> int:
        return seeds.seed(root_seed, digest, f"{AUGMENTATION}/{name}")

    for epsilon in epsilons:
        found = attack(gradient, original.pixels, epsilon, steps, seed(variant(ATTACK, epsilon)))
        shifts = {"start_shift": found.start_shift, "shift": found.shift}
        yield view(ATTACK, epsilon, found.pixels, {"steps": steps}, shifts)
        pixels = random_signs(original.pixels, epsilon, seed(variant(SIGNS, epsilon)))
        yield view(SIGNS, epsilon, pixels, {}, {})
