"""Golden values, computed independently from the formulae, and the images that they belong to."""

import json

import cv2
from pipeline import PROJECT

GOLDEN = PROJECT / "tests/data_files/golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())


def golden_picture(image, view):
    return cv2.imread(str(GOLDEN / f"{image}.{view}.png"))[..., ::-1]
