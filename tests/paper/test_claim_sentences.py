"""The generated sentences on the published claims: tallies, reasons, and what the discussion says on each claim."""

import dataclasses

import pytest
from paper_run import read_run_with_study, sentences_of

from embedding_shift.claims import published_claims, verdicts
from embedding_shift.errors import InputError
from embedding_shift.paper import number_macros, sentences


@pytest.fixture
def study(tmp_path):
    return read_run_with_study(tmp_path)


def test_every_claim_is_discussed_once_under_its_verdict(study):
    text = sentences_of(study)["claims_discussion"]
    positions = [text.index(f"\\paragraph{{{head}.}}") for head in ("Supported", "Contradicted", "Not resolved")]
    assert positions == sorted(positions)
    assert text.count("\\item ") == len(study.published_claims.claims)
    first = study.published_claims.claims[0]
    assert f"\\item {first.text.removesuffix('.')} (Section~\\ref{{sec:shift}})." in text[: positions[1]]
    contradicted = study.published_claims.claims[1]
    assert f"This run shows instead: {contradicted.contradicted_by}" in text[positions[1] : positions[2]]


def test_the_tally_counts_verdicts_and_names_reasons(study):
    names = list(study.claims)
    study.claims.update(dict.fromkeys(names, verdicts.tested(verdicts.Interval(0.5, 0.25, 0.75), 3)))
    assert sentences_of(study)["claims_sentence"] == "This run supports all 10 published claims."
    study.claims[names[0]] = verdicts.tested(verdicts.Interval(0.5, -0.25, 0.75), 3)
    study.claims[names[1]] = verdicts.untested("this run has no cosine_similarity of noise")
    found = sentences_of(study)
    expected = "Of the 10 published claims, this run supports 8, does not resolve 1 and does not test 1."
    assert found["claims_sentence"] == expected
    assert found["untested_claims_sentence"].endswith(r"this run has no cosine\_similarity of noise.")
    assert dict(number_macros.numbers(study))["num_claims", "not tested"] == "1"
    study.claims.update(dict.fromkeys(names, verdicts.untested("2 images are too few", 2)))
    assert sentences_of(study)["claims_sentence"] == "This run tests none of the 10 published claims."


def test_reasons_stand_with_the_claims_unless_all_have_the_same(study):
    first, second = list(study.claims)[:2]
    study.claims[first] = verdicts.untested("no noise")
    study.claims[second] = verdicts.untested("no noise")
    for name in list(study.claims)[2:]:
        study.claims[name] = verdicts.tested(verdicts.Interval(0.5, 0.25, 0.75), 3)
    assert "says nothing about 2 published claims (no noise):" in sentences_of(study)["claims_discussion"]
    study.claims[second] = verdicts.untested("too few images")
    found = sentences_of(study)
    assert "(no noise)" not in found["claims_discussion"]
    assert "Reason: no noise." in found["claims_discussion"] and "Reason: too few images." in found["claims_discussion"]
    assert found["untested_claims_sentence"] == "The reasons for not testing a claim: no noise; too few images."


@pytest.mark.parametrize(("effect", "verb"), [(-0.25, "speaks against"), (0.25, "agrees with")])
def test_the_estimate_of_an_unresolved_claim_has_a_direction(study, effect, verb):
    study.claims["noise-shifts-most"] = verdicts.tested(verdicts.Interval(effect, -0.5, 0.5), 3)
    expected = f"{{sec:shift}}). The estimate {verb} the claim, but its interval includes zero."
    text = sentences_of(study)["claims_discussion"]
    assert expected in text[text.index("Noise shifts the embedding more than any other") :].partition("\\item")[0]


def test_a_claims_file_without_claims_is_reported(study):
    empty = dataclasses.replace(
        study, claims={}, attack_claims={}, published_claims=published_claims.PublishedClaims([], [])
    )
    found = sentences_of(empty)
    assert found["claims_sentence"] == "The claims file of this run lists no published claim."
    assert (
        found["attack_claims_sentence"]
        == found["claims_discussion"]
        == found["claims_on", "shift", "sentence"]
        == sentences.NOTHING
    )


def test_a_verdict_on_an_unknown_claim_is_refused(study):
    study.claims["absent"] = study.claims.pop("noise-shifts-most")
    with pytest.raises(InputError, match="'absent', which the claims file does not have"):
        list(sentences.all_sentences(study))
