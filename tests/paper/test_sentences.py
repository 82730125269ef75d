"""The generated sentences of the paper: whole, true for the run, and grammatical for any count."""

import dataclasses
import math
import re

import pandas as pd
import pytest
from paper_run import PROJECT, SETTINGS, read, write_rank_agreement, write_results, write_study

from embedding_shift.claims import judgement, published_claims
from embedding_shift.errors import InputError
from embedding_shift.paper import number_macros, sentences
from embedding_shift.paper.sentences import wording

PAPER = PROJECT / "paper"
SECTIONS = sorted((PAPER / "sections").glob("*.tex"))
SOURCES = [PAPER / "main.tex", *SECTIONS]
THREE = [f"augmentation_{place}" for place in range(3)]


def macros(inputs):
    return {parts[0] if len(parts) == 1 else parts: text for parts, text in sentences.all_sentences(inputs)}


def falling(place, metric):
    return (0.875, 0.625, 0.25)[place]


@pytest.fixture
def study(tmp_path):
    """A run of three augmentations, with a study."""
    return read(write_results(tmp_path, ["A", "B", "C"], 3, value=falling) + write_study(tmp_path, THREE))


# The LaTeX sources


def test_no_result_is_typed_into_the_text():
    """A decimal in the prose would be a result; the constants of the formulas are the only exception."""
    allowed = {"0.299", "0.587", "0.114", "0.7", "0.996"}
    for path in SECTIONS:
        text = re.sub(r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}", "", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"p\{[\d.]+\\linewidth\}|\\arraystretch\}\{[\d.]+\}|\\fitfigure\[[\d.]+\]", "", text)
        assert set(re.findall(r"\d+\.\d+", text)) <= allowed, path.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_source_line_holds_one_sentence_and_no_part_of_a_conditional_one(path):
    for line in path.read_text().splitlines():
        assert not re.search(r"[a-z)}]\. +[A-Z\\]", line.partition("%")[0]), line
        assert not re.search(r"\S\\with(study|draws|attention|comparison|encoders)\{", line) or "newcommand" in line, (
            line
        )


def test_the_sources_place_every_generated_sentence_and_no_other(study):
    """An unused macro would be a sentence that no reader sees."""
    placed = set(re.findall(r"\\([A-Z]\w+?(?:Sentence|Heading|Discussion))\b", "".join(p.read_text() for p in SOURCES)))
    names = {
        "".join(re.findall(r"\w+", " ".join(parts).title().replace("_", ""))) for parts in map(_parts, macros(study))
    }
    assert placed == names - {"ImageCount", "AugmentationCount"}


def _parts(key):
    return (key,) if isinstance(key, str) else key


# Any run


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "no image"), (1, "1 image"), (2, "2 images"), (13312, "13{,}312 images")]
)
def test_counts_have_their_plural(count, expected):
    assert wording.counted(count, "image") == expected


def test_parts_of_a_total_and_lists_are_joined():
    assert wording.share_of(0, 1, "pair", "of neighbours") == "0 of 1 pair of neighbours"
    assert wording.share_of(3, 8, "augmentation") == "3 of 8 augmentations"
    assert [wording.joined(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("requested", "sentence"),
    [
        (None, sentences.NOTHING),
        (3, "The configuration requests this number of images."),
        (1000, "The configuration requests 1{,}000 images; only 3 could be used."),
    ],
)
def test_a_shortage_of_images_is_reported(tmp_path, requested, sentence):
    inputs = read(write_results(tmp_path, ["A"], 3))
    inputs.settings["n_images"] = requested
    assert macros(inputs)["requested_images_sentence"] == sentence


@pytest.mark.parametrize(
    ("rejects", "start"),
    [([], "All images were usable"), (["a"], "1 image was left"), (["a", "b"], "2 images were left")],
)
def test_images_that_were_left_out_are_counted(tmp_path, rejects, start):
    assert macros(read(write_results(tmp_path, ["A"], 3, rejects)))["rejected_images_sentence"].startswith(start)


def test_only_the_fast_elastic_transform_is_said_to_be_faster(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 3))
    for transform, said in (("ElasticTransform", False), ("FastElasticTransform", True)):
        inputs.augmentations[0]["transform"] = transform
        assert ("faster" in macros(inputs)["elastic_sentence"]) == said


def test_the_extremes_are_named_with_their_means_and_intervals(study):
    found = macros(study)
    assert found["shift_sentence"] == (
        r"The embedding shifts most under \emph{C} (mean cosine similarity 0.2500, 95\,\% interval [$-$0.2500, "
        r"0.7500]) and least under \emph{A} (0.8750, [0.3750, 1.375])."
    )
    assert found["attention_sentence"].startswith(r"The attention of the final layer changes most under \emph{C}")
    assert r"the two most distant are \emph{A} and \emph{C} (0.2500)" in found["pair_sentence"]
    assert found["shift_conclusion_sentence"] == r"\emph{C} shifts the embedding most and \emph{A} shifts it least."


@pytest.mark.parametrize("values", [[0.5, math.nan], [math.nan, math.nan]])
def test_no_order_is_claimed_where_fewer_than_two_means_are_defined(tmp_path, values):
    found = macros(read(write_results(tmp_path, ["A", "B"], 3, value=lambda place, metric: values[place])))
    assert found["shift_conclusion_sentence"] == sentences.NOTHING
    expected = "is the only augmentation with a value." if values[0] == 0.5 else "is not defined for any view"
    assert expected in found["shift_sentence"]


def test_the_test_of_one_augmentation_or_of_few_images_separates_nothing(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 2))
    assert "With 2 images, even the smallest possible" in macros(inputs)["tests_sentence"]
    (tmp_path / "one").mkdir()
    found = macros(read(write_results(tmp_path / "one", ["A"], 30)))
    assert found["tests_sentence"] == "One augmentation alone leaves no pair to test."
    assert found["ranking_takeaway_sentence"] == "One augmentation alone has no ranking."


@pytest.mark.parametrize(
    ("p_values", "sentence"),
    [
        ([0.01, 0.04], "is a strict order: the corrected test separates 2 of 2 pairs"),
        ([0.01, 0.06], "read as groups and not as a strict order: the corrected test separates only 1 of 2 pairs"),
        ([0.06, 0.06], "is not resolved"),
    ],
)
def test_the_ranking_is_as_strict_as_the_test_allows(tmp_path, p_values, sentence):
    inputs = read(write_results(tmp_path, ["A", "B", "C"], 30))
    inputs.paired_differences["p_holm"] = p_values
    assert sentence in macros(inputs)["ranking_takeaway_sentence"]


def test_encoders_without_an_attention_map_are_named(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 3, models=["One", "Two & two"]))
    assert macros(inputs)["encoders_without_attention_sentence"] == sentences.NOTHING
    (tmp_path / "without").mkdir()
    without = read(write_results(tmp_path / "without", ["A", "B"], 3, models=["Two & two"], attention=False))
    inputs.results[1:] = without.results
    sentence = macros(inputs)["encoders_without_attention_sentence"]
    assert sentence == r"No attention map is known for Two \& two: the metrics that compare attention do not apply."


def test_agreement_between_encoders_is_reported_where_there_are_several(tmp_path):
    arguments = write_results(tmp_path, ["A", "B"], 3, models=["One", "Two"])
    assert macros(read(arguments))["encoders_takeaway_sentence"] == sentences.NOTHING
    found = macros(read(arguments + write_rank_agreement(tmp_path)))
    assert "is 0.5000 (1: the same ranking)" in found["encoders_takeaway_sentence"]


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        ([], "Every metric has a value for every image under every augmentation."),
        (["a"], r"1 value is not defined, on 1 image; Table~\ref{tab:exclusions} gives the reasons."),
        (["a", "b", "a"], r"3 values are not defined, on 2 images; Table~\ref{tab:exclusions} gives the reasons."),
    ],
)
def test_values_that_are_not_defined_are_counted(tmp_path, images, sentence):
    rows = [{"image_id": name, "augmentation": "a", "metric": "detail_preservation", "reason": "b"} for name in images]
    found = macros(read(write_results(tmp_path, ["A"], 4, exclusions=rows)))
    assert found["exclusions_sentence"] == sentence


@pytest.mark.parametrize(
    ("ratios", "sentence"),
    [
        ([], "Encoders compute in single precision."),
        ([250, 100], "The mean error is at least 100 times smaller throughout."),
        ([250, 99], r"The mean error is less than 100 times smaller for L2 distance of CLIP \& Co on 50 \%"),
    ],
)
def test_errors_of_reduced_precision_are_compared_with_the_smallest_shift(tmp_path, ratios, sentence):
    arguments = write_results(tmp_path, ["A"], 4)
    if ratios:
        metrics = ["cosine_similarity", "l2_distance"]
        pd.DataFrame({"metric": metrics, "ratio": ratios}).to_csv(tmp_path / "precision.csv", index=False)
        arguments += ["--reduced", "CLIP & Co on 50 %", "--precisions", str(tmp_path / "precision.csv")]
    assert sentence in macros(read(arguments))["precision_sentence"]


# Claims


def test_every_claim_is_discussed_once_under_its_verdict(study):
    text = macros(study)["claims_discussion"]
    positions = [text.index(f"\\paragraph{{{head}.}}") for head in ("Supported", "Contradicted", "Not resolved")]
    assert positions == sorted(positions)
    assert text.count("\\item ") == len(study.published_claims.claims)
    first = study.published_claims.claims[0]
    assert f"\\item {first.text.removesuffix('.')} (Section~\\ref{{sec:shift}})." in text[: positions[1]]
    contradicted = study.published_claims.claims[1]
    assert f"This run shows instead: {contradicted.contradicted_by}" in text[positions[1] : positions[2]]


def test_the_tally_counts_verdicts_and_names_reasons(study):
    names = list(study.claims)
    study.claims.update(dict.fromkeys(names, judgement.tested(judgement.Interval(0.5, 0.25, 0.75), 3)))
    assert macros(study)["claims_sentence"] == "This run supports all 10 published claims."
    study.claims[names[0]] = judgement.tested(judgement.Interval(0.5, -0.25, 0.75), 3)
    study.claims[names[1]] = judgement.untested("this run has no cosine_similarity of noise")
    found = macros(study)
    expected = "Of the 10 published claims, this run supports 8, does not resolve 1 and does not test 1."
    assert found["claims_sentence"] == expected
    assert found["untested_claims_sentence"].endswith(r"this run has no cosine\_similarity of noise.")
    assert dict(number_macros.numbers(study))["num_claims", "not tested"] == "1"
    study.claims.update(dict.fromkeys(names, judgement.untested("2 images are too few", 2)))
    assert macros(study)["claims_sentence"] == "This run tests none of the 10 published claims."


def test_reasons_stand_with_the_claims_unless_all_have_the_same(study):
    first, second = list(study.claims)[:2]
    study.claims[first] = judgement.untested("no noise")
    study.claims[second] = judgement.untested("no noise")
    for name in list(study.claims)[2:]:
        study.claims[name] = judgement.tested(judgement.Interval(0.5, 0.25, 0.75), 3)
    assert "says nothing about 2 published claims (no noise):" in macros(study)["claims_discussion"]
    study.claims[second] = judgement.untested("too few images")
    found = macros(study)
    assert "(no noise)" not in found["claims_discussion"]
    assert "Reason: no noise." in found["claims_discussion"] and "Reason: too few images." in found["claims_discussion"]
    assert found["untested_claims_sentence"] == "The reasons for not testing a claim: no noise; too few images."


@pytest.mark.parametrize(("effect", "verb"), [(-0.25, "speaks against"), (0.25, "agrees with")])
def test_the_estimate_of_an_unresolved_claim_has_a_direction(study, effect, verb):
    study.claims["noise-shifts-most"] = judgement.tested(judgement.Interval(effect, -0.5, 0.5), 3)
    expected = f"{{sec:shift}}). The estimate {verb} the claim, but its interval includes zero."
    text = macros(study)["claims_discussion"]
    assert expected in text[text.index("Noise shifts the embedding more than any other") :].partition("\\item")[0]


def test_a_claims_file_without_claims_is_reported(study):
    empty = dataclasses.replace(study, claims={}, published_claims=published_claims.PublishedClaims([], []))
    found = macros(empty)
    assert found["claims_sentence"] == "The claims file of this run lists no published claim."
    assert found["claims_discussion"] == found["claims_on", "shift", "sentence"] == sentences.NOTHING


def test_a_verdict_on_an_unknown_claim_is_refused(study):
    study.claims["absent"] = study.claims.pop("noise-shifts-most")
    with pytest.raises(InputError, match="'absent', which the claims file does not have"):
        sentences.all_sentences(study)


# The study


def floor(references):
    rows = [(name, "cosine_similarity", level, 0.0, 1.0) for name, level in references.items()]
    return pd.DataFrame(rows, columns=["reference", "metric", "mean", "ci_low", "ci_high"])


def test_the_study_counts_the_augmentations_beyond_floor_and_ceiling(study):
    study.study["noise_floor"] = floor({"jpeg_95": 0.75, "another_photograph": 0.5})
    numbers, found = dict(number_macros.numbers(study)), macros(study)
    assert numbers["study_done",] == "1" and numbers["num_study_images",] == "3"
    assert (numbers["num", "beyond_floor"], numbers["num", "beyond_ceiling"]) == ("2", "1")
    assert "2 of 3 augmentations shift the embedding further than this JPEG" in found["floor_sentence"]
    assert "1 of 3 augmentations shifts the embedding further than the ceiling" in found["floor_sentence"]
    assert r"a view under \emph{C} is on average less similar" in found["size_takeaway_sentence"]


def test_without_another_photograph_there_is_no_ceiling(study):
    study.study["noise_floor"] = floor({"jpeg_95": 0.75})
    assert dict(number_macros.numbers(study))["num", "beyond_ceiling"] == "n/a"
    found = macros(study)
    assert "has no other photograph, and therefore no ceiling" in found["floor_sentence"]
    assert found["size_takeaway_sentence"] == sentences.NOTHING
    assert "another photograph" not in found["study_abstract_sentence"]


def test_the_ranking_at_equal_damage_is_reported(study):
    found = macros(study)
    assert (
        r"At equal RMSE, the rank of 2 of 3 augmentations changes, and \emph{C} shifts"
        in found["equal_damage_sentence"]
    )
    assert (
        "2 of 3 augmentations at equal RMSE and 2 of 3 augmentations at equal SSIM" in found["dose_takeaway_sentence"]
    )
    same = study.study["equal_damage"].assign(rank=study.study["equal_damage"]["rank_at_setting"])
    study.study["equal_damage"] = same
    assert "does not depend on the configured doses" in macros(study)["dose_takeaway_sentence"]


def test_the_variance_is_split(study):
    sentence = macros(study)["variance_sentence"]
    assert r"75.0\,\% lies between augmentations and 25.0\,\% lies between draws" in sentence
    assert "The draw outweighs the image" in sentence and sentence.count("; ") == 10


def test_verdicts_that_flaws_change_are_counted(study):
    found = macros(study)
    assert "The verdict on 2 of 10 claims changes" in found["audit_claims_sentence"]
    assert "on 0 of them under a single flaw" in found["audit_claims_sentence"]
    assert "change the verdict on 2 of 10 claims" in found["flaws_takeaway_sentence"]
    frame = study.study["audit_claims"]
    study.study["audit_claims"] = frame.assign(as_released=frame["corrected"])
    assert macros(study)["audit_claims_sentence"] == "No claim changes its verdict under any flaw."
    assert "change no verdict" in macros(study)["flaws_takeaway_sentence"]


def test_without_failures_no_view_is_replaced(tmp_path):
    settings = SETTINGS | {"study": SETTINGS["study"] | {"failure_share": 0}}
    inputs = read(write_results(tmp_path, ["A", "B", "C"], 3, settings=settings) + write_study(tmp_path, THREE))
    assert macros(inputs)["failures_sentence"] == "No view is replaced by the unaugmented image."
