"""The tables of parts that words name, made up for the tests of the paper."""

import pandas as pd

from embedding_shift.io import tables
from embedding_shift.words.named_parts import concept_words, head_words, text_maps

HEADS = [
    (12, 1, 1, "50 % of $x$ & 犬", 0.4, 0.4, 0.1, 0.01),
    (12, 1, 2, "dots", 0.1, 0.5, 0.1, 0.4),
    (12, 2, 1, "fog", 0.2, 0.2, 0.1, 0.05),
    (12, 3, 1, "rain", 0.1, 0.1, 0.1, 0.5),
]
DIMENSIONS = [(0, 1, "fog", 0.2, 0.1, 0.001), (0, 2, "rain", 0.1, 0.1, 0.6), (1, 1, "rain", 0.1, 0.1, 0.7)]


def named_tables(names, told=True):
    """Return data frames by name of the table; of an encoder without a text tower if nothing is told."""
    shifts = [
        (name, 12, head, words, 0.01, 0.0, 0.02, share / (1 + place))
        for place, name in enumerate(names)
        for head, words, share in ((1, HEADS[0][3], 0.1 * (1 + 2 * (place == 1))), (2, "fog", 0.2))
    ]
    maps = [(name, 24, 0.9 - 1.0 * (place == 1), -0.5, 0.95, 0.5, 0.3, 0.3) for place, name in enumerate(names)]
    found = {
        "head_words": (HEADS, head_words.COLUMNS),
        "named_heads": (shifts, head_words.SHIFT_COLUMNS),
        "concept_words": (DIMENSIONS, concept_words.COLUMNS),
        "text_maps": (maps, text_maps.COLUMNS),
    }
    return {name: pd.DataFrame(rows if told else [], columns=list(columns)) for name, (rows, columns) in found.items()}


def write_named_parts(folder, names, told=True):
    """Write these tables; return the arguments that name them."""
    arguments = []
    for name, frame in named_tables(names, told).items():
        tables.write_csv(folder / f"{name}.csv", frame)
        arguments += [f"--{name.replace('_', '-')}", str(folder / f"{name}.csv")]
    return arguments
