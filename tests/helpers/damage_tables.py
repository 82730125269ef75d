"""The tables of made-up damage, for the tests of the paper."""

import pandas as pd

from embedding_shift.io import tables
from embedding_shift.words.downstream import damage, damage_forecast


def write_damage(folder, names, model):
    """Write damage to captions and classes for one encoder; return the arguments that name it."""
    rows = [
        (model, view, metric, 24, 0.3, 0.2, 0.4, -0.1, -0.2, 0.0, 1 / 24)
        for view in ("original", *names)
        for metric in ("top1_flips", "caption_similarity", "image_to_text_recall_at_1")
    ]
    found = [(model, damage_forecast.EVERY, metric, 9, 0.9, 0.5, 1.0) for metric in damage_forecast.DAMAGES]
    tables.write_csv(folder / "text_damage.csv", pd.DataFrame(rows, columns=["model", *damage.COLUMNS]))
    tables.write_csv(folder / "damage_forecast.csv", pd.DataFrame(found, columns=["model", *damage_forecast.COLUMNS]))
    return [f"--{name.replace('_', '-')}={folder / name}.csv" for name in ("text_damage", "damage_forecast")]
