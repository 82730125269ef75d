"""Each kind of claim is supported, contradicted or left open as the data say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up_claims import APART, FAR, NAMES, evidence

from embedding_shift.claims import judging, published_claims
from embedding_shift.errors import InputError
from embedding_shift.statistics import bootstrap, clustering


def judged(kind, arguments, data, metric="cosine_similarity", pool=NAMES):
    claim = published_claims.Claim("c", "t", "s", "x", kind, arguments, metric)
    found = judging.judge(published_claims.PublishedClaims(pool, [claim]), data)["c"]
    if found.interval:
        assert np.isfinite([found.interval.effect, found.interval.low, found.interval.high]).all()
        assert found.interval.low <= found.interval.effect <= found.interval.high
    assert (found.interval is None) == bool(found.reason)
    return found


CLOSE = {"a": 0.5, "b": 0.5, "c": 0.8, "d": 0.9}


@pytest.mark.parametrize(
    ("kind", "arguments", "means", "verdict", "effect"),
    [
        ("larger_shift", {"more": ["a", "b"], "less": ["c", "d"]}, APART, "supported", 0.3),
        ("larger_shift", {"more": ["a", "c"], "less": ["b", "d"]}, APART, "contradicted", -0.3),
        ("larger_shift", {"more": ["a"], "less": ["b"]}, CLOSE, "not resolved", 0.0),
        ("among_largest", {"augmentation": "a", "count": 1}, APART, "supported", 0.3),
        ("among_largest", {"augmentation": "b", "count": 1}, APART, "contradicted", -0.3),
        ("among_largest", {"augmentation": "b", "count": 2}, APART, "supported", 0.3),
        ("among_largest", {"augmentation": "a", "count": 1}, CLOSE, "not resolved", 0.0),
        ("among_smallest", {"augmentation": "d", "count": 1}, APART, "supported", 0.1),
        ("among_smallest", {"augmentation": "b", "count": 2}, APART, "contradicted", -0.3),
        ("among_smallest", {"augmentation": "b", "count": 3}, CLOSE, "not resolved", 0.0),
    ],
)
def test_claims_about_the_order_of_shifts(kind, arguments, means, verdict, effect):
    found = judged(kind, arguments, evidence(means))
    assert (found.verdict, found.n) == (verdict, 40)
    assert found.interval.effect == pytest.approx(effect, abs=0.01)


def test_a_distance_shifts_more_where_it_is_larger():
    data = evidence(APART)
    data = replace(data, values={"l2_distance": data.values["cosine_similarity"]})
    assert judged("among_largest", {"augmentation": "d", "count": 1}, data, "l2_distance").verdict == "supported"


@pytest.mark.parametrize(
    ("edges", "left_out", "verdict", "effect"),
    [
        ({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}, (), "supported", 1),
        ({"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}, (), "contradicted", -1),
        ({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.0}, ("d",), "supported", 1),
        ({"a": 0.3, "b": 0.3, "c": 0.3, "d": 0.3}, (), "not resolved", None),
    ],
)
def test_claims_about_correlation(edges, left_out, verdict, effect):
    arguments = {"with": "cosine_similarity", "except": left_out}
    found = judged("correlation", arguments, evidence(APART, edges=edges), "edge_preservation")
    assert found.verdict == verdict
    assert effect is None or found.interval.effect == pytest.approx(effect)


EVEN = {"a": [0, 0, 1, 0], "b": [1, 0, 0, 0], "c": [0, 1, 0, 0], "d": [0, 0, 0, 1]}


@pytest.mark.parametrize(
    ("kind", "arguments", "vectors", "spread", "verdict"),
    [
        ("singleton_cluster", {"augmentation": "a"}, FAR, 0.01, "supported"),
        ("singleton_cluster", {"augmentation": "b"}, FAR, 0.01, "contradicted"),
        ("sub_cluster", {"augmentations": ["b", "c"]}, FAR, 0.01, "supported"),
        ("sub_cluster", {"augmentations": ["b", "c", "d"]}, FAR, 0.01, "supported"),
        ("sub_cluster", {"augmentations": ["a", "b"]}, FAR, 0.01, "contradicted"),
        ("sub_cluster", {"augmentations": ["b", "c"]}, EVEN, 0.1, "not resolved"),
    ],
)
def test_claims_about_the_dendrogram(kind, arguments, vectors, spread, verdict):
    assert judged(kind, arguments, evidence(APART, vectors, spread=spread), None).verdict == verdict


def test_isolation_and_cohesion_agree_with_the_cut_tree():
    from scipy.cluster.hierarchy import cophenet, fcluster
    from scipy.spatial.distance import squareform

    for seed in range(30):
        points = np.random.default_rng(seed).normal(size=(7, 2))
        distance = np.linalg.norm(points[:, np.newaxis] - points, axis=2)
        tree = clustering.merges(distance)
        labels = fcluster(tree, clustering.CUT * tree[-1, 2], "distance")
        heights = squareform(cophenet(tree))
        subtrees = {frozenset([leaf]) for leaf in range(7)}
        nodes = {leaf: frozenset([leaf]) for leaf in range(7)}
        for number, (left, right, _, _) in enumerate(tree, 7):
            nodes[number] = nodes[int(left)] | nodes[int(right)]
            subtrees.add(nodes[number])
        for leaf in range(7):
            first = np.delete(heights[leaf], leaf).min()
            assert clustering.isolation(tree, leaf) == first - clustering.CUT * heights.max()
            assert (clustering.isolation(tree, leaf) > 0) == (np.sum(labels == labels[leaf]) == 1)
        for members in ([0, 1], [2, 5], [0, 1, 2], [3, 4, 5, 6]):
            outside = np.setdiff1d(range(7), members)
            apart, together = heights[np.ix_(members, outside)].min(), heights[np.ix_(members, members)].max()
            assert clustering.cohesion(tree, members) == apart - together
            assert (clustering.cohesion(tree, members) > 0) == (frozenset(members) in subtrees)


KIND_ARGUMENTS = {
    "larger_shift": {"more": ["a"], "less": ["b"]},
    "among_largest": {"augmentation": "a", "count": 1},
    "among_smallest": {"augmentation": "a", "count": 1},
    "correlation": {"with": "edge_preservation", "except": ()},
    "singleton_cluster": {"augmentation": "a"},
    "sub_cluster": {"augmentations": ["b", "c"]},
}


def test_every_kind_has_a_reader_a_judge_and_a_test():
    assert set(published_claims.KINDS) == set(KIND_ARGUMENTS)
    assert {*published_claims.KINDS, *published_claims.RELATED_KINDS} == set(judging.JUDGES)


@pytest.mark.parametrize("kind", KIND_ARGUMENTS)
@pytest.mark.parametrize(
    ("changes", "n"),
    [({"n": 1}, 1), ({"n": 2}, 2), ({"spread": 0.0}, 40)],
    ids=["one image", "two images", "no variance"],
)
def test_what_cannot_be_tested_is_not_tested(kind, changes, n):
    data = evidence(APART, FAR, edges=APART, **changes)
    found = judged(kind, KIND_ARGUMENTS[kind], data)
    assert (found.verdict, found.n, found.interval) == ("not tested", n, None)


@pytest.mark.parametrize("kind", KIND_ARGUMENTS)
def test_a_claim_over_an_augmentation_that_is_not_configured_names_it(kind):
    data = evidence(APART, FAR, edges=APART)
    arguments = {
        key: [*value[:-1], "fog"] if isinstance(value, list) else value for key, value in KIND_ARGUMENTS[kind].items()
    }
    found = judged(kind, arguments, data, pool=[*NAMES, "fog"])
    assert (found.in_words, found.interval) == ("not tested (fog is not configured)", None)


def test_several_augmentations_that_are_not_configured_are_listed_in_one_order():
    data = evidence(APART, FAR, edges=APART)
    arguments = {"more": ["rain", NAMES[0]], "less": ["snow", "fog"]}
    found = judged("larger_shift", arguments, data, pool=[*NAMES, "fog", "rain", "snow"])
    assert found.in_words == "not tested (fog, rain and snow are not configured)"


def test_a_claim_over_a_missing_metric_is_not_tested():
    found = judged("among_largest", {"augmentation": "a", "count": 1}, evidence(APART), "attention_similarity")
    assert (found.verdict, found.reason) == ("not tested", "this run does not measure Attention similarity")


def test_a_rare_change_does_not_decide_a_claim():
    data = evidence(APART, spread=0.0)
    values = data.values["cosine_similarity"]
    values[:] = 0.5
    values.loc[values.index[0], "a"] = 0.4  # one image in which `a` shifts more
    assert judged("larger_shift", {"more": ["a"], "less": ["b"]}, data).verdict == "not tested"


def test_a_claim_true_of_every_augmentation_is_not_tested():
    found = judged("among_largest", {"augmentation": "a", "count": 4}, evidence(APART))
    assert found.verdict == "not tested"
    assert "true of every one" in found.reason


def test_embeddings_of_different_images_are_refused():
    data = evidence(APART, FAR)
    data.embeddings["b"] = (data.embeddings["b"][0][::-1], data.embeddings["b"][1])
    with pytest.raises(InputError, match="same images"):
        judged("singleton_cluster", {"augmentation": "a"}, data)


def shares(n=40, **heads):
    """Return what heads and MLPs write of shifts whose total is 1 (but 0 where the heads' share is None)."""
    generator = np.random.default_rng(1)
    parts = []
    for name, share in heads.items():
        written = (share or 0) + generator.normal(0, 0.01, n) * (share is not None)
        total = float(share is not None)
        table = pd.DataFrame({"image_id": [f"{i:04d}" for i in range(n)], "heads": written, "mlps": total - written})
        parts.append(table.assign(augmentation=name, total=total))
    return pd.concat(parts, ignore_index=True)


def undefined(n):
    """Return rows of images whose shares are not defined."""
    images = [f"none {i}" for i in range(n)]
    return pd.DataFrame({"image_id": images, "augmentation": "a"}).assign(
        heads="undefined", mlps="undefined", total="undefined"
    )


HEADS_ABOVE_MLPS = published_claims.Claim("c", "t", "s", "x", "larger_share", {"more": "heads", "less": "mlps"})
SETTINGS = bootstrap.Settings(400, 0.95, 1)


@pytest.mark.parametrize(
    ("heads", "verdict", "effect"),
    [
        ({"a": 0.9, "b": 0.7}, "supported", 0.4),
        ({"a": 0.9, "b": 0.3}, "contradicted", -0.4),
        ({"a": 0.9, "b": 0.5}, "not resolved", 0.0),
        ({"a": 0.9, "b": None}, "supported", 0.8),  # nothing of no shift is written by any part
    ],
)
def test_claims_about_what_parts_write(heads, verdict, effect):
    found = judging.judge_related([HEADS_ABOVE_MLPS], shares(**heads), SETTINGS)["c"]
    assert (found.verdict, found.n) == (verdict, 40)
    assert found.interval.effect == pytest.approx(effect, abs=0.01)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (shares(n=4, a=0.9), "4 images are too few for an interval, which needs 5"),
        (shares(a=None), "no augmentation moves the embedding"),
        (undefined(n=1), "undefined"),
        (pd.concat([shares(n=3, a=0.9), undefined(n=5)]), "3 images are too few"),
        (shares(a=0.9).drop(columns="mlps"), "this run does not look inside the encoder"),
    ],
)
def test_claims_about_parts_that_a_run_cannot_test(table, reason):
    found = judging.judge_related([HEADS_ABOVE_MLPS], table, SETTINGS)["c"]
    assert found.verdict == "not tested"
    assert found.reason.startswith(reason)


def test_a_share_is_resolved_however_much_the_size_of_the_shift_varies():
    """Each part writes the same share of every image's shift, and a few shifts are a hundred times larger."""
    table = shares(n=24, a=0.9, b=0.8)
    size = np.tile(np.where(np.arange(24) % 8, 1.0, 100.0), 2)
    table[["heads", "mlps", "total"]] *= size[:, None]
    found = judging.judge_related([HEADS_ABOVE_MLPS], table, SETTINGS)["c"]
    assert found.verdict == "supported"
    assert found.interval.high - found.interval.low < 0.3
