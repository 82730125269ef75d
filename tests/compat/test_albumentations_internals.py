"""With a version of albumentations that the project does not know, its public names alone do the same."""

import subprocess
import sys

import pytest
from pipeline import PROJECT

SCRIPT = """
import albumentations, numpy
from embedding_shift.compat import albumentations_internals
from embedding_shift.views.own_transforms import elastic
from embedding_shift.views import geometry, transforms

assert albumentations_internals.IS_KNOWN == {known}

def drawn(kind):
    compose = albumentations.Compose([kind(alpha=30, sigma=20, p=1)], save_applied_params=True, seed=1)
    ((_, parameters),) = compose(image=numpy.zeros((50, 40, 3), numpy.uint8))["applied_transforms"]
    return parameters["map_x"]

difference = numpy.abs(drawn(elastic.FastElasticTransform) - drawn(albumentations.ElasticTransform)).max()
assert difference < 1e-4 and (difference == 0) == (not {known}), difference
assert not geometry.moves_pixels(transforms.build("CoarseDropout", {{}}))
assert not geometry.moves_pixels(transforms.build("XYMasking", {{}}))
assert geometry.moves_pixels(transforms.build("HorizontalFlip", {{}}))
"""
UNKNOWN = "from embedding_shift.compat import versions\nversions.is_installed = lambda *_: False\n"


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_elastic_transforms_and_dropouts(known):
    code = ("" if known else UNKNOWN) + SCRIPT.format(known=known)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT / "scripts")
    assert (done.returncode, done.stderr) == (0, "")
