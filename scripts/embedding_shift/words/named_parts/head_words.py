"""Name the heads of an encoder by the words that explain what they write, and say what each writes of a shift."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from embedding_shift.mechanism.captured_views import CapturedViews, both_finite
from embedding_shift.mechanism.readouts.ledger import read_originals
from embedding_shift.mechanism.registry import Settings
from embedding_shift.mechanism.shares import PARTS, end_of_stream
from embedding_shift.mechanism.tower import FloatArray, Tower
from embedding_shift.statistics import bootstrap
from embedding_shift.words.named_parts import text_span

COLUMNS = ("layer", "head", "rank", "word", "share", "total_share", "null_share", "p")
SHIFT_COLUMNS = ("augmentation", "layer", "head", "words", "share", "ci_low", "ci_high", "share_of_shift")
RANKS = 5  # words per head
LEVEL = 0.05
NONE = "none"
SEPARATOR = "; "
HEAD = "head "


def table(
    views: CapturedViews, settings: Settings, words: Sequence[str], directions: FloatArray
) -> Iterator[dict[str, Any]]:
    """Yield the rows of head_words.csv (COLUMNS), or one row with the reason why no head is named.

    A head is explained by what it adds to the embeddings of the originals, after the scale of the LayerNorm, around its
    mean. Of each word, only the part in the space that the head can write to counts.

    Columns:
        layer, head: from 1.
        rank: 1 for the word that explains most.
        share: share of the head's variance that the word adds to the words before.
        total_share: that of the word and those before.
        null_share, p: the mean share of the best of as many random words, and how often it is as large.

    Args:
        views: captured views.
        settings: the settings of read-outs.
        words: V words.
        directions: (V, D), their directions, of unit length.
    """
    parts, reason = read_originals(views, settings)
    if not reason:
        kept = np.logical_and.reduce([both_finite(parts[name], parts[name]) for name in PARTS])
        parts = {name: parts[name][kept] for name in PARTS}
        reason = "needs 2 images with finite parts" if kept.sum() < 2 else ""
    if reason:
        yield {**dict.fromkeys(COLUMNS, reason), "word": NONE}
        return
    vectors, words_of_heads = in_head_spaces(parts, views.tower, directions)
    seed = bootstrap.seed_of(settings.bootstrap.root_seed, "head words")
    found = text_span.explain(text_span.factors(vectors), words_of_heads, RANKS, seed)
    heads = views.tower.weights.shape[2]
    for number, places in enumerate(found.words):
        at = {"layer": number // heads + 1, "head": number % heads + 1}
        if places.max(initial=-1) < 0:
            yield {**dict.fromkeys(COLUMNS, "the head does not vary"), **at, "rank": 1, "word": NONE}
        for rank, place in enumerate(places[places >= 0]):
            yield {
                **at,
                "rank": rank + 1,
                "word": words[place],
                "share": float(found.shares[number, rank]),
                "total_share": float(found.shares[number, : rank + 1].sum()),
                "null_share": float(found.null_shares[number, rank]),
                "p": float(found.p[number, rank]),
            }


def in_head_spaces(
    parts: Mapping[str, FloatArray], tower: Tower, directions: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return what heads add to the embedding, and words, in coordinates of the space that each head can write to.

    A head with output o adds M C W o / σ to the embedding. Its coordinates are along orthonormal axes of the column
    space of M C W.

    Args:
        parts: the captured parts of N originals.
        tower: the tower, with l layers of H heads of width h.
        directions: (V, D).

    Returns:
        float64 (N, l · H, h) and (l · H, V, h).
    """
    written = tower.centred(tower.weights.transpose(0, 2, 3, 1)) @ tower.matrix  # (l, H, h, D)
    left, values, axes = np.linalg.svd(written.reshape(-1, *written.shape[2:]), full_matrices=False)
    scale = tower.scale(end_of_stream(dict(parts), tower))[:, :, None]
    heads = parts["heads"].reshape(len(parts["heads"]), -1, written.shape[2]) / scale
    vectors = np.einsum("ngi,gij->ngj", heads, left * values[:, None], optimize=True)
    within = axes * (values > values.max(1, keepdims=True) * text_span.ROUNDING)[:, :, None]
    return vectors, np.asarray(directions @ within.transpose(0, 2, 1))


def named(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Return the words of each named head by layer and head, as they stand in the table.

    A head is named if its first word explains more than chance (p ≤ LEVEL), by this word and by those that follow it
    as long as they do too.
    """
    words: dict[tuple[str, str], list[str]] = {}
    ended = set()
    for row in rows:
        head = (str(row["layer"]), str(row["head"]))
        try:
            is_told = float(row["p"]) <= LEVEL
        except ValueError:
            is_told = False
        if not is_told:
            ended.add(head)
        elif head not in ended:
            words.setdefault(head, []).append(str(row["word"]))
    return words


def shifts(
    names: Mapping[tuple[str, str], Sequence[str]], ledger: Sequence[Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of named_heads.csv (SHIFT_COLUMNS): what each named head writes of each shift.

    Args:
        names: the words of named heads.
        ledger: rows of ledger.csv.
    """
    totals: dict[str, float] = {}
    for row in ledger:
        totals[row["augmentation"]] = totals.get(row["augmentation"], 0.0) + _number(row["share"])
    for row in ledger:
        head = (row["layer"], row["part"].removeprefix(HEAD))
        if row["part"].startswith(HEAD) and head in names:
            total = totals[row["augmentation"]]
            yield {
                **{name: row[name] for name in ("augmentation", "share", "ci_low", "ci_high")},
                **{"layer": head[0], "head": head[1], "words": SEPARATOR.join(names[head])},
                "share_of_shift": _number(row["share"]) / total if total > 0 else "no shift",
            }


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return np.nan
