"""Every kind of image file becomes the right colours, or is rejected with the reason."""

import numpy as np
import pytest
from image_variants import DECODED, REJECTED, everything, table
from pipeline import PROJECT

from embedding_shift.data import decoding
from embedding_shift.errors import InputError

TOLERANCE = 4  # levels: JPEG and 8-bit profiles are not exact
MAX_PIXELS = 10**6


@pytest.mark.parametrize("variant", everything(), ids=lambda variant: f"{variant.family}: {variant.name}")
def test_variant(variant):
    if variant.result == REJECTED:
        with pytest.raises(InputError) as caught:
            decoding.decode(variant.data(), MAX_PIXELS)
        assert variant.says in str(caught.value)
        return
    pixels, remarks = decoding.decode(variant.data(), MAX_PIXELS)
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    width = pixels.shape[1]
    halves = pixels[:, 2 : width // 2 - 2].astype(float), pixels[:, width // 2 + 2 : -2].astype(float)
    for half, expected in zip(halves, (variant.left, variant.right), strict=True):
        assert np.abs(half - expected).max() <= TOLERANCE, (half[0, 0], expected)
    if variant.result == DECODED:
        assert not remarks
    else:
        assert variant.says in "; ".join(remarks)


def test_the_page_lists_all_variants():
    page = (PROJECT / "docs/image_formats.md").read_text(encoding="utf-8")
    assert f"<!-- variants:start -->\n{table()}\n<!-- variants:end -->" in page, "run `make docs`"


def test_names_of_variants_are_unique():
    names = [(variant.family, variant.name) for variant in everything()]
    assert len(set(names)) == len(names)
