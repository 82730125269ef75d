"""Sentences on the shift in words: what follows its prompt, and what has no text tower."""

import dataclasses

import pandas as pd
import pytest
from paper_run import read, sentences_of, write_results

from embedding_shift.claims import verdicts
from embedding_shift.paper import latex
from embedding_shift.words.shift_in_words import COLUMNS, ONE_PROMPT

NAMES = ("augmentation_0", "augmentation_1", "augmentation_2")


@pytest.fixture
def inputs(tmp_path):
    return read(write_results(tmp_path, ["Noise", "Blur & Co", "Flip"], 24))


def told(inputs, *rows):
    """Return the sentences of a run with rows (augmentation, prompt, score, p, specific_p)."""
    table = [
        (augmentation, prompt, f"a {prompt} photo of {{noun}}", 24, score, 10 * score, p, score, specific, 2.0)
        for augmentation, prompt, score, p, specific in rows
    ]
    return sentences_of(dataclasses.replace(inputs, words=pd.DataFrame(table, columns=list(COLUMNS))))


def test_augmentations_that_follow_their_prompt(inputs):
    found = told(
        inputs,
        (NAMES[0], NAMES[0], 0.2, 0.004, 0.01),
        (NAMES[0], NAMES[1], 0.1, 0.03, 0.5),
        (NAMES[1], NAMES[0], 0.1, 0.06, 0.5),
        (NAMES[1], NAMES[1], 0.2, 0.001, 0.3),
        (NAMES[2], NAMES[2], -0.2, 0.02, 0.02),
    )
    assert found["words_own_sentence"] == (
        "Of 3 augmentations with a prompt of their own, 2 move the embeddings towards it more than random words do: "
        "Blur \\& Co (``a augmentation\\_1 photo of \\ldots{}'', $p=0.001$) "
        "and Noise (``a augmentation\\_0 photo of \\ldots{}'', $p=0.004$). "
        "Away from it moves Flip (``a augmentation\\_2 photo of \\ldots{}'', $p=0.020$)."
    )
    assert found["words_specific_sentence"] == "Seen from the mean of the other prompts, 1 does."
    assert found["words_others_sentence"] == (
        "Among the other pairs of augmentation and prompt, 1 of 2 pairs is as far from chance."
    )
    assert found["words_absent_sentence"] == "\\none"


def test_claims_on_words(inputs):
    judged = {
        "noise-reads-noisy": verdicts.tested(verdicts.Interval(5.0, 3.0, 7.0), 24),
        "blur-reads-blurry": verdicts.untested("this run has no prompt 'a_b'"),
    }
    words = pd.DataFrame([(*NAMES[:2], "a {noun}", 24, 0.1, 1.0, 0.5, 1.0, 0.5, 2.0)], columns=list(COLUMNS))
    found = sentences_of(dataclasses.replace(inputs, words=words, word_claims=judged))
    noisy, blurry = (latex.escape(f"“a {word} photo”") for word in ("noisy", "blurry"))
    assert found["word_claims_sentence"] == (
        f"Of what one would expect in words, \\emph{{Noise moves the embeddings towards {noisy}}} is supported "
        f"(5.000 [3.000, 7.000]) and \\emph{{Blur moves the embeddings towards {blurry}}} is not tested "
        f"({latex.escape(judged['blur-reads-blurry'].reason)})."
    )


def test_a_single_prompt(inputs):
    found = told(inputs, (NAMES[0], NAMES[0], 0.2, 0.4, ONE_PROMPT))
    assert found["words_own_sentence"] == (
        "Of 1 augmentation with a prompt of its own, none move the embeddings towards it more than random words do."
    )
    assert found["words_specific_sentence"] == found["words_others_sentence"] == "\\none"


def test_prompts_of_no_augmentation(inputs):
    assert told(inputs, (NAMES[0], "other", 0.2, 0.4, 0.4))["words_own_sentence"] == (
        "No augmentation has a prompt of its own."
    )


def test_without_a_text_tower_there_is_one_sentence(inputs):
    found = told(inputs)
    assert found["words_absent_sentence"] == "m has no text tower, so its shift is not told in words."
    assert "words_own_sentence" not in found
    assert sentences_of(inputs)["words_absent_sentence"] == "\\none"
