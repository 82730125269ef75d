"""Sentences on the attack and on the attack that augmentations are worth."""

import dataclasses
from math import nan

import pytest
from attack_tables import write_attack
from captured_towers import tower
from mechanism_tables import with_mechanism
from paper_run import read, sentences_of, write_results

from embedding_shift.claims import verdicts


@pytest.fixture
def inputs(tmp_path):
    labels = ["Noise & more", "Blur", "Flip", "Elastic"]
    names = [f"augmentation_{place}" for place in range(len(labels))]
    arguments = write_results(tmp_path, labels, 24, models=["CLIP & Co", "Other"]) + write_attack(tmp_path, names)
    return read(arguments)


def told(inputs, **tables):
    return sentences_of(dataclasses.replace(inputs, adversarial=inputs.adversarial | tables))


def test_the_smallest_and_the_largest_attack_are_told(inputs):
    assert sentences_of(inputs)["attack_sentence"] == (
        r"On 8 images and with 5 steps each, the attack moves the embedding at $\varepsilon=1$ by 0.250 [0.125, 0.375] "
        r"and $\varepsilon=8$ by 0.500 [0.375, 0.625]; random signs at $\varepsilon=8$ move it by 0.0625 [0, 0.125]."
    )


def test_augmentations_are_told_by_the_attack_that_they_are_worth(inputs):
    assert sentences_of(inputs)["exchange_sentence"] == (
        r"The largest attack does not move the embedding as far as \emph{Noise \& more}. "
        r"The exchange rate of \emph{Blur} is $\varepsilon=4.0$ [2.0, beyond]. "
        r"\emph{Flip} and \emph{Elastic} move the embedding less than the smallest attack."
    )


def test_the_attack_that_moves_another_encoder_most_is_told(inputs):
    assert sentences_of(inputs)["transfer_sentence"].startswith(
        r"At $\varepsilon=8$, the attack on CLIP \& Co moves the embedding of Other by 0.250 [0.125, 0.375], the most "
    )
    alone = {name: table for name, table in inputs.adversarial.items() if name != "transfer"}
    assert sentences_of(dataclasses.replace(inputs, adversarial=alone))["transfer_sentence"] == r"\none"


def test_whether_the_shift_tells_the_largest_attack_is_told(inputs):
    assert sentences_of(inputs)["detection_sentence"] == (
        r"At $\varepsilon=8$, on 8 images and with an interval above one half, these scores tell the attack from so "
        "many of the 4 augmentations: its size from 0 (AUC 0.50 to 0.50) and its direction from 4 (AUC 0.88 to 0.88)."
    )
    assert told(inputs, detection=inputs.adversarial["detection"].head(0))["detection_sentence"].startswith("Too few")


def test_the_first_layer_and_missing_scores_are_told(inputs, tmp_path):
    inside = with_mechanism(inputs, tmp_path)
    first = (
        "Layer by layer, the attack first moves the class token farther than 1 of the 4 augmentations after block 1."
    )
    assert sentences_of(inside)["detection_inside_sentence"] == first
    reduced = with_mechanism(inputs, tmp_path, precision="bf16")
    assert sentences_of(reduced)["detection_inside_sentence"] == (
        "The score by the ledger is not defined for this encoder (the parts add up in fp32 only, not in bf16). " + first
    )
    convolutional = tower(missing={"parts": "no blocks", "stream": "no blocks"})
    nothing = with_mechanism(inputs, tmp_path, of=convolutional)
    nothing.mechanism["layers"]["relative_l2"] = "no blocks"
    found = told(nothing, detection_layers=inputs.adversarial["detection_layers"].head(0))["detection_inside_sentence"]
    assert found.count("is not defined for this encoder (no blocks)") == 2
    assert sentences_of(inputs)["detection_inside_sentence"].startswith("This run does not look inside the encoder")


def test_a_single_image_has_no_interval(inputs):
    curve = inputs.adversarial["adversarial"].assign(ci_low=nan, ci_high=nan, random_low=nan, random_high=nan)
    rates = inputs.adversarial["exchange_rate"].assign(ci_low=nan, ci_high=nan)
    found = told(inputs, adversarial=curve, exchange_rate=rates)
    assert "[" not in found["attack_sentence"] + found["exchange_sentence"]
    assert told(inputs, adversarial=curve.head(0))["attack_sentence"].startswith("No attacked image")


def test_a_run_without_an_attack_has_no_sentences(inputs):
    found = sentences_of(dataclasses.replace(inputs, adversarial={}))
    assert not {"attack_sentence", "exchange_sentence", "transfer_sentence"} & set(map(str, found))


def test_claims_on_attacks_are_told_with_their_source_and_verdict(inputs):
    first, second, *_ = inputs.published_claims.attack_claims
    judged = inputs.attack_claims | {
        first.id: verdicts.tested(verdicts.Interval(0.5, 0.25, 0.75), 8),
        second.id: verdicts.untested("this run has no attack by 4 grey levels"),
    }
    found = sentences_of(dataclasses.replace(inputs, attack_claims=judged))["attack_claims_sentence"]
    assert found.startswith("Of the 5 claims on attacks, this run supports 1 and does not test 4.\n\\begin{claimlist}")
    assert "than any augmentation (this paper): supported, 0.5000 [0.2500, 0.7500], $n=8$." in found
    assert "of the same size (Goodfellow et al. 2015): not tested (this run has no attack by 4 grey levels)." in found
    assert sentences_of(inputs)["attack_claims_sentence"] == (
        "This run tests none of the 5 claims on attacks (this run attacks no encoder)."
    )
