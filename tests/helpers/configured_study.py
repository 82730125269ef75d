"""The augmentations of config.yaml, and the views that the study makes with them."""

import yaml
from pipeline import PROJECT

from embedding_shift.config.entries import steps_of
from embedding_shift.study.variants import draws_and_doses, variant_names

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
DOSED = [name for name, entry in CONFIGURED.items() if "dose" in entry]


def views_of_study(originals, name, draws=1, levels=()):
    """The study's views of one augmentation, by image id and variant."""
    entry = CONFIGURED[name]
    wanted = draws_and_doses.variants(steps_of(entry), entry.get("dose"), draws, levels)
    views = draws_and_doses.augment(originals, name, wanted, 1)
    return {variant_names.split(view.image_id): view for view in views}
