"""Study tables of made-up values."""

import pandas as pd

from embedding_shift.study.measurement import long_tables
from embedding_shift.study.variants import variant_names

AUGMENTATIONS = ["noise", "blur", "elastic"]
BOOTSTRAP = 200, 0.95, 1


def study_table(values, metric="patch_similarity", variants=None):
    """A study table of one metric from values (images, augmentations, draws) of AUGMENTATIONS"""
    images, kinds, draws = values.shape
    variants = variants or [variant_names.MAIN, *(variant_names.draw_name(draw) for draw in range(1, draws))]
    rows = [
        (f"i{image}", AUGMENTATIONS[kind], variants[draw], metric, values[image, kind, draw])
        for image in range(images)
        for kind in range(kinds)
        for draw in range(draws)
    ]
    return pd.DataFrame(rows, columns=long_tables.COLUMNS)
