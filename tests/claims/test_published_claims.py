"""The claims file is read; a malformed claim is refused by line."""

import pytest
from made_up_claims import GOOD
from pipeline import PROJECT

from embedding_shift.claims import published_claims
from embedding_shift.errors import InputError


def test_the_claims_file_can_be_read_and_holds_the_contradictory_pair():
    published = published_claims.read(PROJECT / "paper/claims.yaml")
    assert len(published.augmentations) == 9
    by_id = {claim.id: claim for claim in published.claims}
    assert by_id["perspective-drastic"].kind == "among_largest"
    assert by_id["perspective-minimal"].kind == "among_smallest"
    assert {claim.kind for claim in published.claims} <= set(published_claims.KINDS)


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


RELATED = """\
related_claims:
  - id: second
    text: Heads write more than MLPs.
    source: a related paper
    contradicted_by: MLPs write more.
    larger_share: {more: heads, less: mlps}
"""


def test_claims_of_the_related_work_are_read_apart(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(GOOD + RELATED)
    published = published_claims.read(path)
    assert [claim.id for claim in published.claims] == ["first"]
    (related,) = published.related_claims
    assert (related.kind, related.arguments) == ("larger_share", {"more": "heads", "less": "mlps"})


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("more: heads", "more: tails", 14, "unknown part 'tails'; allowed are heads, mlps, last_quarter, rest"),
        ("more: heads", "more: mlps", 14, "'mlps' is on both sides; no part writes more than itself"),
        ("larger_share: {more: heads, less: mlps}", "larger_shift: {more: [a], less: [b]}", 14, "unknown key"),
        ("related_claims:\n", "related_claims: none\n_:\n", 10, "unknown key '_'"),
    ],
)
def test_a_malformed_claim_of_the_related_work_is_refused_with_its_line(tmp_path, old, new, line, said):
    path = tmp_path / "claims.yaml"
    path.write_text(GOOD + RELATED.replace(old, new))
    with pytest.raises(InputError) as refused:
        published_claims.read(path)
    assert str(refused.value).startswith(f"{path}, line {line}: ")
    assert said in str(refused.value)
