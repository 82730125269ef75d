"""Each kind of claim is supported, contradicted or left open as the data say; a malformed one is refused by line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedding_shift.claims import effects, judgement, published_claims, table
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import clustering

ROOT = Path(__file__).parents[2]
CLAIMS = ROOT / "paper/claims.yaml"
NAMES = ["a", "b", "c", "d"]


def evidence(similarity, vectors=None, n=40, spread=0.01, edges=None, seed=1):
    """Evidence in which the metrics have the given means, and each image's embeddings lie about the given vectors."""
    generator = np.random.default_rng(seed)
    image_ids = np.array([f"{i:04d}" for i in range(n)])
    parts = []
    for metric, means in (("cosine_similarity", similarity), ("edge_preservation", edges or {})):
        for name, mean in means.items():
            values = mean + generator.normal(0, spread, n)
            parts.append(pd.DataFrame({"image_id": image_ids, "augmentation": name, "metric": metric, "value": values}))
    arrays = {
        name: (image_ids, np.asarray(vector) + generator.normal(0, spread, (n, len(vector))))
        for name, vector in (vectors or {}).items()
    }
    return effects.Evidence(pd.concat(parts, ignore_index=True), arrays, 400, 0.95, seed)


def judged(kind, arguments, data, metric="cosine_similarity", pool=NAMES):
    claim = published_claims.Claim("c", "t", "s", "x", kind, arguments, metric)
    found = effects.judge(published_claims.PublishedClaims(pool, [claim]), data)["c"]
    if found.interval:
        assert np.isfinite([found.interval.effect, found.interval.low, found.interval.high]).all()
        assert found.interval.low <= found.interval.effect <= found.interval.high
    assert (found.interval is None) == bool(found.reason)
    return found


APART = {"a": 0.2, "b": 0.5, "c": 0.8, "d": 0.9}  # a shifts most, d least
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
    data.table["metric"] = "l2_distance"
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


FAR = {"a": [0, 0, 1, 0], "b": [1, 0, 0, 0], "c": [1, 0.05, 0, 0], "d": [1, 0, 0, 0.3]}
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
    assert set(published_claims.KINDS) == set(effects.JUDGES) == set(KIND_ARGUMENTS)


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
    assert (found.verdict, found.reason) == ("not tested", "this run has no attention_similarity")


def test_a_rare_change_does_not_decide_a_claim():
    data = evidence(APART, spread=0.0)
    values = data.table["augmentation"].map({"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.5}).to_numpy(copy=True)
    values[0] = 0.4  # one image in which `a` shifts more
    data.table["value"] = values
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


def test_the_claims_file_can_be_read_and_holds_the_contradictory_pair():
    published = published_claims.read(CLAIMS)
    assert len(published.augmentations) == 9
    by_id = {claim.id: claim for claim in published.claims}
    assert by_id["perspective-drastic"].kind == "among_largest"
    assert by_id["perspective-minimal"].kind == "among_smallest"
    assert {claim.kind for claim in published.claims} <= set(published_claims.KINDS)


GOOD = """\
augmentations: [a, b, c]
claims:
  - id: first
    text: A shifts more than b.
    source: section 4
    contradicted_by: B shifts more.
    metric: cosine_similarity
    larger_shift: {more: [a], less: [b]}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("larger_shift:", "bigger_shift:", 8, "unknown key 'bigger_shift'; allowed are id, text"),
        ("metric: cosine_similarity", "metric: beauty", 7, "unknown metric 'beauty'; allowed are cosine_similarity"),
        ("    metric: cosine_similarity\n", "", 3, "'larger_shift' needs the key 'metric'"),
        ("more: [a]", "more: [Big Noise]", 8, "found 'Big Noise'; an augmentation's name is lower-case"),
        ("more: [a]", "more: [b]", 8, "'b' is on both sides"),
        ("more: [a]", "more: []", 8, "must be a list of augmentations, found an empty list"),
        ("more: [a]", "more: a", 8, "must be a list of augmentations, found 'a'"),
        ("more: [a]", "more: [a, a]", 8, "'a' is listed twice"),
        ("more: [a], ", "", 8, "the key 'more' is missing"),
        ("larger_shift: {more: [a], less: [b]}", "larger_shift: [a]", 8, "must be a mapping with the keys more, less"),
        (
            "    larger_shift: {more: [a], less: [b]}\n",
            "",
            3,
            "needs one statement, found none; allowed are larger_shift",
        ),
        ("less: [b]}", "less: [b]}\n    singleton_cluster: {augmentation: a}", 3, "found larger_shift and singleton"),
        ("larger_shift: {more: [a], less: [b]}", "singleton_cluster: {augmentation: a}", 7, "takes no 'metric'"),
        (
            "larger_shift: {more: [a], less: [b]}",
            "among_largest: {augmentation: a, count: 0}",
            8,
            "whole number from 1",
        ),
        ("larger_shift: {more: [a], less: [b]}", "among_largest: {augmentation: a, count: x}", 8, "found 'x'"),
        ("source: section 4", "source: 4", 5, "'source' must be a text, found '4'"),
        ("    source: section 4\n", "", 3, "the key 'source' is missing"),
        ("text: A shifts more than b.", "text:", 4, "'text' must be a text, found nothing"),
        ("id: first", "id: First One", 3, "found 'First One'; lower-case letters"),
        ("source: section 4", "text: again", 5, "the key 'text' is given twice"),
        ("less: [b]}", "less: [b]", 9, "not YAML"),
        ("claims:", "claim:", 2, "unknown key 'claim'; allowed are augmentations, claims"),
        ("augmentations: [a, b, c]\n", "", 1, "the key 'augmentations' is missing"),
    ],
)
def test_a_malformed_claim_is_refused_with_its_line(tmp_path, old, new, line, said):
    assert GOOD.count(old) == 1
    path = tmp_path / "claims.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(InputError) as refused:
        published_claims.read(path)
    assert str(refused.value).startswith(f"{path}, line {line}: ")
    assert said in str(refused.value)


def test_an_id_given_twice_is_refused(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(GOOD + GOOD[GOOD.index("  - id") :])
    with pytest.raises(InputError, match="line 9: the id 'first' is given twice"):
        published_claims.read(path)


@pytest.mark.parametrize("text", ["", "- a\n", "claims\n", "a: &x [*x]\n", "\0"])
def test_what_is_no_claims_file_is_refused(tmp_path, text):
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(InputError):
        published_claims.read(path)
    with pytest.raises(InputError, match="there is no file"):
        published_claims.read(tmp_path / "absent.yaml")


def command(script, *arguments):
    call = [sys.executable, f"scripts/{script}.py", *map(str, arguments)]
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_the_scripts_judge_a_run_and_write_the_readme(tmp_path):
    data = evidence(APART, FAR)
    (tmp_path / "claims.yaml").write_text(GOOD)
    tables.write_parquet(tmp_path / "metrics.parquet", data.table)
    for name, (image_ids, array) in data.embeddings.items():
        array_files.write(tmp_path / f"{name}.npz", image_ids, embedding=array)
    call = ["judge_claims", "--published-claims", tmp_path / "claims.yaml", "--metrics", tmp_path / "metrics.parquet"]
    call += ["--augmentations", *NAMES, "--embeddings", *(tmp_path / f"{name}.npz" for name in NAMES)]
    call += ["--resamples", 200, "--confidence", 0.95, "--seed", 1, "--output"]
    for output in ("one.csv", "two.csv"):
        done = command(*call, tmp_path / output)
        assert done.returncode == 0, done.stderr
    assert "first: supported" in done.stdout
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (
        (tmp_path / "one.csv")
        .read_text()
        .startswith("claim,verdict,effect,ci_low,ci_high,n,reason\nfirst,supported,0.")
    )

    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- claims:start -->\nold\n<!-- claims:end -->\nafter\n")
    call = ["write_claims_table", "--published-claims", tmp_path / "claims.yaml", "--verdicts", tmp_path / "one.csv"]
    assert command(*call, "--readme", readme).returncode == 0
    written = readme.read_text()
    assert "| A shifts more than b. | section 4 | supported | 0.299 (" in written
    assert written.startswith("before\n<!-- claims:start -->\n|")
    assert written.endswith("|\n<!-- claims:end -->\nafter\n")
    assert "old" not in written

    readme.write_text("no marks\n")
    done = command(*call, "--readme", readme)
    assert done.returncode == 1
    assert "README.md: the text needs one line <!-- claims:start -->" in done.stderr
    assert readme.read_text() == "no marks\n"


@pytest.fixture
def published(tmp_path):
    (tmp_path / "claims.yaml").write_text(GOOD)
    return published_claims.read(tmp_path / "claims.yaml")


def test_the_readme_shows_an_interval_or_a_dash(published):
    def last_row(found):
        return table.markdown(table.joined(published, {"first": found})).splitlines()[-1]

    row = "| A shifts more than b. | section 4 |"
    assert last_row(judgement.untested("too few images", 2)) == f"{row} not tested (too few images) | – | 2 |"
    assert (
        last_row(judgement.tested(judgement.Interval(-0.01234, -0.5, 0.0001), 9))
        == f"{row} not resolved | −0.0123 (−0.5 to 0) | 9 |"
    )
    assert last_row(judgement.tested(judgement.Interval(0.0, 0.0, 0.0), 9)) == f"{row} not resolved | 0 (0 to 0) | 9 |"


def test_claims_and_judgements_must_match(published):
    found = judgement.untested("too few images")
    assert [claim.id for claim, _ in table.joined(published, {"first": found})] == ["first"]
    with pytest.raises(InputError, match="claim 'first' has no verdict"):
        table.joined(published, {})
    with pytest.raises(InputError, match="'second', which the claims file does not have"):
        table.joined(published, {"first": found, "second": found})
