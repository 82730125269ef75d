"""Sentences on the attack and on the attack that augmentations are worth."""

import dataclasses
from math import nan

import pytest
from attack_tables import write_attack
from paper_run import read, sentences_of, write_results


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
        r"On 8 images, the attack moves the embedding at $\varepsilon=1$ by 0.250 [0.125, 0.375] and "
        r"$\varepsilon=8$ by 0.500 [0.375, 0.625]; random signs at $\varepsilon=8$ move it by 0.0625 [0, 0.125]."
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
        r"At $\varepsilon=8$, with an interval above one half, the size of the shift tells it from 0 "
        "(AUC 0.50 to 0.50) and the direction of the shift tells it from 4 (AUC 0.88 to 0.88) of the 4 augmentations."
    )
    assert told(inputs, detection=inputs.adversarial["detection"].head(0))["detection_sentence"].startswith("Too few")


def test_a_single_image_has_no_interval(inputs):
    curve = inputs.adversarial["adversarial"].assign(ci_low=nan, ci_high=nan, random_low=nan, random_high=nan)
    rates = inputs.adversarial["exchange_rate"].assign(ci_low=nan, ci_high=nan)
    found = told(inputs, adversarial=curve, exchange_rate=rates)
    assert "[" not in found["attack_sentence"] + found["exchange_sentence"]
    assert told(inputs, adversarial=curve.head(0))["attack_sentence"].startswith("No attacked image")


def test_a_run_without_an_attack_has_no_sentences(inputs):
    found = sentences_of(dataclasses.replace(inputs, adversarial={}))
    assert not {"attack_sentence", "exchange_sentence", "transfer_sentence"} & set(map(str, found))
