"""The tables of the mechanism of made-up captured views, for the tests of the paper."""

import dataclasses

import pandas as pd
from captured_towers import SETTINGS, usual

from embedding_shift.claims import judging, verdicts
from embedding_shift.mechanism import agreement, registry
from embedding_shift.paper.inputs import MECHANISM_TABLES

RELATED = "related_claims"  # verdicts on the shares of images
AGREEMENT = "mechanism_agreement"  # of encoders; all other tables are read-outs


def with_mechanism(inputs, folder, of=None, images=24, precision="fp32"):
    """Return PaperInputs with the tables of `usual`, whose two augmentations get the names of the first of the run."""
    views, settings = usual(folder, of, images), SETTINGS._replace(precision=precision)
    names = dict(zip(["weak", "strong"], inputs.main.augmentations, strict=False))
    found = {}
    for table in (*(name for name in MECHANISM_TABLES if name not in (RELATED, AGREEMENT)), "image_shares"):
        read_out = registry.find(table)
        frame = pd.DataFrame(list(read_out.function(views, settings)), columns=list(read_out.columns))
        frame.to_csv(folder / f"{table}.csv", index=False)
        found[table] = pd.read_csv(folder / f"{table}.csv").replace({"augmentation": names})
    claims = inputs.published_claims.related_claims
    judged = judging.judge_related(claims, found.pop("image_shares"), settings.bootstrap)
    found[AGREEMENT] = agreement.table(
        {"one": found["layers"], "other": found["layers"]}, {"one": found["ledger"], "other": found["ledger"]}
    )
    found[RELATED] = verdicts.as_table(judged)
    return dataclasses.replace(inputs, mechanism=found, settings=inputs.settings | {"mechanism": {"images": images}})


def write_mechanism(folder, inputs):
    """Write these tables of a run with one encoder; return the arguments that name them."""
    found = with_mechanism(inputs, folder).mechanism
    arguments = []
    for name in (table for table in found if table != AGREEMENT):
        found[name].to_csv(folder / f"{name}.csv", index=False)
        arguments += [f"--{name.replace('_', '-')}", str(folder / f"{name}.csv")]
    return arguments
