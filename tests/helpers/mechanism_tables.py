"""The tables of the mechanism of made-up captured views, for the tests of the paper."""

import dataclasses

import pandas as pd
from captured_towers import SETTINGS, usual

from embedding_shift.mechanism import registry
from embedding_shift.paper.inputs import MECHANISM_TABLES


def with_mechanism(inputs, folder, of=None, images=24, precision="fp32"):
    """Return PaperInputs with the tables of `usual`, whose two augmentations get the names of the first of the run."""
    views, settings = usual(folder, of, images), SETTINGS._replace(precision=precision)
    names = dict(zip(["weak", "strong"], inputs.main.augmentations, strict=False))
    found = {}
    for table in MECHANISM_TABLES:
        read_out = registry.find(table)
        frame = pd.DataFrame(list(read_out.function(views, settings)), columns=list(read_out.columns))
        frame.to_csv(folder / f"{table}.csv", index=False)
        found[table] = pd.read_csv(folder / f"{table}.csv").replace({"augmentation": names})
    return dataclasses.replace(inputs, mechanism=found, settings=inputs.settings | {"mechanism": {"images": images}})
