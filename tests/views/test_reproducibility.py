"""Transforms that draw random numbers of their own are rejected before the first view is made."""

import random

import albumentations
import numpy as np
import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.errors import InputError
from embedding_shift.views import augmentation_table, reproducibility, transforms

EITHER = albumentations.OneOf([albumentations.HorizontalFlip(p=1), albumentations.VerticalFlip(p=1)], p=1)


class InnerCompose(albumentations.ImageOnlyTransform):
    def __init__(self, p=1.0):
        super().__init__(p=p)
        self.inner = albumentations.Compose([EITHER])

    def apply(self, img, **_):
        return self.inner(image=img)["image"]


class GlobalGenerator(albumentations.ImageOnlyTransform):
    def apply(self, img, **_):
        return np.roll(img, np.random.randint(100), axis=0)


class DrawnWhenBuilt(albumentations.ImageOnlyTransform):
    def __init__(self, p=1.0):
        super().__init__(p=p)
        self.value = random.randrange(2**32)

    def apply(self, img, **_):
        return img ^ np.uint8(self.value % 256)


class StateBetweenImages(albumentations.ImageOnlyTransform):
    """The first view of every process is the same, but a view depends on how many were made before it."""

    def __init__(self, p=1.0):
        super().__init__(p=p)
        self.generator = np.random.default_rng(0)

    def apply(self, img, **_):
        return np.roll(img, self.generator.integers(100), axis=0)


class RecordsItsAddress(albumentations.ImageOnlyTransform):
    """Its views are the same, but their records are not."""

    def get_params(self):
        return {"source": object()}

    def apply(self, img, **_):
        return img


class SeededCompose(albumentations.ImageOnlyTransform):
    """As docs/extend.md recommends."""

    def get_params(self):
        return {"seed": self.py_random.randrange(2**32)}

    def apply(self, img, seed, **_):
        return albumentations.Compose([EITHER], seed=seed)(image=img)["image"]


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(transforms, "CUSTOM_TRANSFORMS", dict(transforms.CUSTOM_TRANSFORMS))
    for transform in (
        *(InnerCompose, GlobalGenerator, DrawnWhenBuilt, StateBetweenImages),
        *(RecordsItsAddress, SeededCompose),
    ):
        transforms.register_transform(transform)


@pytest.mark.parametrize(
    "transform", [InnerCompose, GlobalGenerator, DrawnWhenBuilt, StateBetweenImages, RecordsItsAddress]
)
def test_a_transform_that_draws_on_its_own_is_rejected(transform):
    name = transform.__name__
    entry = {"transform": name, "parameters": {}}
    with pytest.raises(InputError, match=f"augmentation 'mine': {name} gives different views .* inner Compose"):
        augmentation_table.rows({"mine": entry}, 32)
    entry = {"transform": [{"transform": "HorizontalFlip"}, {"transform": name}]}
    with pytest.raises(InputError, match=f"augmentation 'mine': transform.1 .{name}.: {name} gives different views"):
        augmentation_table.rows({"mine": entry}, 32)


def test_an_inner_compose_with_a_drawn_seed_is_accepted_and_still_draws():
    reproducibility.check([{"transform": "SeededCompose", "parameters": {}}], 32)
    image = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    built = transforms.build("SeededCompose", {})
    assert len({transforms.apply(built, image, seed)[0].tobytes() for seed in range(20)}) == 2


def test_the_configured_augmentations_are_accepted():
    configured = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
    rows = augmentation_table.rows({name: {"parameters": {}} | entry for name, entry in configured.items()}, 64)
    assert [row["augmentation"] for row in rows] == list(configured)
