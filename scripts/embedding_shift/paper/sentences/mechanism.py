"""Sentences on what happens inside the encoder: layers, ledger, neighbours, concepts, and what a shift tells."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from embedding_shift.claims import verdicts
from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, joined, share_of

TOKENS = {"class": "class token", "patch_mean": "mean of the patches"}
EMBEDDING, WHOLE, ALL = "embedding", "whole", "all"
AGREEMENTS = {
    "layer_profile": "the correlation of the profiles of the shift",
    "ledger": "the agreement on where it is written (1: the same shares)",
}
TOLD = 0.5  # R² from which a drawn number counts as told by the shift


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on the mechanism; without it, only the one that the rest of the paper places."""
    tables = inputs.mechanism
    yield ("mechanism_abstract_sentence",), _abstract(inputs) if tables else ""
    if tables:
        labels = inputs.main.augmentations
        yield ("mechanism_images_sentence",), _images(inputs)
        yield ("layers_sentence",), _layers(tables["layers"], labels)
        yield ("ledger_sentence",), _ledger(tables["ledger"], labels)
        yield ("related_claims_sentence",), _related_claims(inputs)
        yield ("mechanism_agreement_sentence",), _agreement(tables.get("mechanism_agreement"))
        yield ("neighbours_sentence",), _neighbours(tables["neighbours"], labels)
        yield ("fingerprint_sentence",), _fingerprint(tables["fingerprint"], len(labels))
        yield ("equivariance_sentence",), _equivariance(tables["equivariance"])
        yield ("concepts_sentence",), _concepts(tables["concepts"], labels)
        yield ("similarity_maps_sentence",), _maps(tables["similarity_maps"], labels, inputs.views_given)


def _numbers(values: "pd.Series[Any]") -> "pd.Series[float]":
    """Return the numbers of a column, whose other cells give reasons in words."""
    return pd.to_numeric(values, errors="coerce").dropna()


def _undefined(what: str, values: "pd.Series[Any]") -> str:
    reasons = [latex.escape(reason) for reason in dict.fromkeys(values.dropna().astype(str))]
    return f"{what} not defined for this run: {reasons[0] if reasons else 'there are no values'}."


def _percent(share: float) -> str:
    return rf"{100 * share:.0f}\,\%".replace("-", "$-$")


def _images(inputs: PaperInputs) -> str:
    images = min(inputs.settings["mechanism"]["images"], len(inputs.manifest))
    return f"The numbers of this section rest on {counted(images, 'image')} of the main run."


def _abstract(inputs: PaperInputs) -> str:
    shares = _shares(inputs.mechanism["ledger"])
    if shares.empty:
        return "Inside the encoder, the shift is followed from block to block."
    last = shares["last"]
    return f"The last block of the encoder writes {_range(last.min(), last.max())} of the shift of each augmentation."


def _range(low: float, high: float) -> str:
    one, other = _percent(low), _percent(high)
    return one if one == other else f"{one} to {other}"


def _layers(layers: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Say in which block the direction of the augmentations first shows."""
    token = next((name for name in TOKENS if len(_numbers(layers[layers["token"] == name]["p"]))), "")
    if not token:
        return _undefined("The direction of a shift is", layers["p"])
    rows = layers[layers["token"] == token]
    first = rows[rows["is_first"].astype(str) == "True"].set_index("augmentation")["layer"].astype(int)
    sentence = (
        f"In the {TOKENS[token]}, {share_of(len(first), len(labels), 'augmentation')} "
        f"{'has' if len(first) == 1 else 'have'} a direction that images share"
    )
    if first.empty:
        return f"{sentence}."
    block = int(first.mode().iloc[0])
    count = int((first == block).sum())
    place = "at the input of the first block" if block == 0 else f"after block {block}"
    sentence += f"; for {latex.number(count)} it first shows {place}."
    without = [latex.escape(label) for name, label in labels.items() if name not in first.index]
    return f"{sentence} No block shows one for {joined(without)}." if without and len(without) < 4 else sentence


def _shares(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return by augmentation the shares of 1 − cosine of the last block, of all heads and of all MLPs, and the sum."""
    table = ledger.assign(share=pd.to_numeric(ledger["share"], errors="coerce")).dropna(subset="share")
    table = table.assign(layer=pd.to_numeric(table["layer"]))
    total = table.groupby("augmentation", sort=False)["share"].sum()
    parts = {
        "last": table[table["layer"] == table["layer"].max() - 1],
        "heads": table[table["part"].str.startswith("head")],
        "mlps": table[table["part"] == "mlp"],
    }
    sums = {name: rows.groupby("augmentation")["share"].sum().reindex(total.index) for name, rows in parts.items()}
    shares = pd.DataFrame(sums).fillna(0).div(total, axis=0)
    return shares.assign(total=total)[total > 0]


def _ledger(ledger: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Say how much of the shifts the last block, the heads and the MLPs write."""
    shares = _shares(ledger)
    if shares.empty:
        return _undefined("The ledger is", ledger["share"])
    largest = str(shares["total"].idxmax())
    heads, mlps = (float(shares[part].loc[largest]) for part in ("heads", "mlps"))
    others = shares.drop(index=largest)["heads"]
    last = _range(shares["last"].min(), shares["last"].max())
    sentence = (
        f"The last block writes {last} of the shift of each augmentation. "
        f"Heads write {_percent(heads)} of the largest shift, {latex.escape(labels[largest])}, "
        f"and MLPs {_percent(mlps)}"
    )
    return (
        f"{sentence}."
        if others.empty
        else f"{sentence}; heads write {_range(others.min(), others.max())} of the others."
    )


def _related_claims(inputs: PaperInputs) -> str:
    """Give the verdicts on claims of the related work."""
    rows = {row["claim"]: row for row in inputs.mechanism["related_claims"].to_dict("records")}
    parts = []
    for claim in inputs.published_claims.related_claims:
        row = rows[claim.id]
        tested = row["verdict"] != verdicts.NOT_TESTED
        bounds = [float(row[name]) for name in ("effect", "ci_low", "ci_high") if tested]
        found = f"{latex.number(bounds[0])} {latex.interval(*bounds[1:])}" if bounds else latex.escape(row["reason"])
        text = latex.escape(claim.text.rstrip("."))
        parts.append(f"``{text}'' ({latex.escape(claim.source)}) is {row['verdict']} ({found})")
    return f"Of what the related work says about embeddings, tested on shifts, {joined(parts)}." if parts else ""


def _agreement(agreement: pd.DataFrame | None) -> str:
    """Say how far encoders agree on where shifts grow and are written; empty for a single encoder."""
    if agreement is None:
        return ""
    clauses = []
    for quantity, clause in AGREEMENTS.items():
        values = _numbers(agreement.loc[agreement["quantity"] == quantity, "agreement"])
        if len(values):
            low, high = latex.number(values.min()), latex.number(values.max())
            clauses.append(f"{clause} is {low}" if low == high else f"{clause} ranges from {low} to {high}")
    if not clauses:
        return "For no two encoders of this run can blocks be compared."
    return f"Between two encoders at the same relative depth, {joined(clauses)} over the augmentations."


def _extremes(values: "pd.Series[float]", labels: Mapping[str, str], text: Callable[[float], str]) -> str:
    """Return the lowest and the highest value by augmentation, each with its label."""
    by_name = {str(name): float(value) for name, value in values.items()}
    names = dict.fromkeys([min(by_name, key=lambda name: by_name[name]), max(by_name, key=lambda name: by_name[name])])
    return joined([f"{text(by_name[name])} ({latex.escape(labels[name])})" for name in names], "to")


def _neighbours(neighbours: pd.DataFrame, labels: Mapping[str, str]) -> str:
    rows = neighbours[neighbours["space"].astype(str) == WHOLE].set_index("augmentation")
    overlap = _numbers(rows["overlap"])
    if overlap.empty:
        return _undefined("Whether images keep their neighbours is", rows["overlap"])
    k, chance = int(rows["k"].iloc[0]), float(_numbers(rows["chance"]).iloc[0])
    return (
        f"Of its {counted(k, 'nearest neighbour')}, an image keeps {_extremes(overlap, labels, _percent)}; by chance "
        f"it would keep {_percent(chance)}."
    )


def _fingerprint(fingerprint: pd.DataFrame, augmentations: int) -> str:
    rows = fingerprint[fingerprint["augmentation"] == ALL]
    accuracy = _numbers(rows["accuracy"])
    inner = accuracy[rows.loc[accuracy.index, "token"] != EMBEDDING]
    end = accuracy[rows.loc[accuracy.index, "token"] == EMBEDDING]
    if inner.empty or end.empty or augmentations < 2:
        return ""
    best = rows.loc[inner.idxmax()]
    place = "at the input of the first block" if str(best["layer"]) == "0" else f"after block {best['layer']}"
    return (
        f"The direction of a shift tells which augmentation it was for {_percent(inner.max())} of the shifts in the "
        f"{TOKENS[str(best['token'])]} {place}, and for {_percent(float(end.iloc[0]))} in the embedding "
        f"(chance: {_percent(1 / augmentations)})."
    )


def _equivariance(equivariance: pd.DataFrame) -> str:
    rows = equivariance.assign(r2=pd.to_numeric(equivariance["recovered_r2"], errors="coerce")).dropna(subset="r2")
    keys = ["augmentation", "parameter"]
    best = rows[rows["token"] != EMBEDDING].groupby(keys)["r2"].max()
    end = rows[rows["token"] == EMBEDDING].groupby(keys)["r2"].max()
    if best.empty:
        return ""
    told, kept = int((best >= TOLD).sum()), int((end >= TOLD).sum())
    return (
        f"Of {counted(len(best), 'number')} that the augmentations draw, the shift in some block predicts "
        f"{latex.number(told) if told else 'none'} ($R^2\\geq{TOLD:g}$ with each image left out), and the shift of the "
        f"embedding {latex.number(kept) if kept else 'none'}."
    )


def _concepts(concepts: pd.DataFrame, labels: Mapping[str, str]) -> str:
    kept = pd.to_numeric(concepts["exemplars_kept"], errors="coerce").groupby(concepts["augmentation"]).mean().dropna()
    if kept.empty:
        return _undefined("Whether dimensions keep their most typical images is", concepts["exemplars_kept"])
    chance = float(_numbers(concepts["chance"]).iloc[0])
    shares = _extremes(kept, labels, _percent)
    return f"Of its most typical images, a dimension keeps {shares} on average (chance: {_percent(chance)})."


def _maps(maps: pd.DataFrame, labels: Mapping[str, str], given: bool) -> str:
    correlation = _numbers(maps.set_index("augmentation")["correlation"])
    if correlation.empty:
        return _undefined("Maps of the similarity to the original are", maps["correlation"])
    undone = "" if given else ", with the geometry undone,"
    return (
        f"Maps of the similarity of patches to the original's embedding{undone} have a correlation "
        f"of {_extremes(correlation, labels, latex.number)} with those of the original."
    )
