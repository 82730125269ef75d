"""The sentences on the mechanism, from tables of captured views, and where nothing is defined."""

import pytest
from captured_towers import tower
from mechanism_tables import with_mechanism
from paper_run import read_run_with_study, sentences_of

from embedding_shift.paper import latex


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return read_run_with_study(tmp_path_factory.mktemp("run"))


def sentences_for(inputs, folder, **changes):
    return sentences_of(with_mechanism(inputs, folder, **changes))


def test_sentences_give_shares_neighbours_and_chance(inputs, tmp_path):
    found = sentences_for(inputs, tmp_path)
    assert "The last block writes " in found["ledger_sentence"]
    assert "Heads write " in found["ledger_sentence"]
    assert "; by chance it would keep 13\\,\\%." in found["neighbours_sentence"]
    assert found["neighbours_sentence"].startswith("Of its 3 nearest neighbours, an image keeps ")
    assert "(chance: 33\\,\\%)" in found["fingerprint_sentence"]  # one of the three augmentations of the run
    assert "Of 1 number that the augmentations draw" not in found["equivariance_sentence"]
    assert found["mechanism_abstract_sentence"].startswith("The last block of the encoder writes ")
    assert found["mechanism_agreement_sentence"] == (
        "Between two encoders at the same relative depth, the correlation of the profiles of the shift is 1.000 and "
        "the agreement on where it is written (1: the same shares) is 1.000 over the augmentations."
    )
    assert found["related_claims_sentence"].count("(Gandelsman et al. 2024) is ") == 2
    assert (
        "``Attention heads write more of the shift of every augmentation than MLPs''"
        in found["related_claims_sentence"]
    )


def test_a_refused_ledger_and_few_images_give_their_reasons(inputs, tmp_path):
    found = sentences_for(inputs, tmp_path, precision="bf16", images=4)
    assert found["ledger_sentence"] == (
        "The ledger is not defined for this run: the parts add up in fp32 only, not in bf16."
    )
    assert found["mechanism_agreement_sentence"].startswith("Between two encoders at the same relative depth, the corr")
    assert "shares" not in found["mechanism_agreement_sentence"]
    assert found["related_claims_sentence"].count("is not tested (the parts add up in fp32 only, not in bf16)") == 2
    assert (
        found["neighbours_sentence"]
        == "Whether images keep their neighbours is not defined for this run: needs 7 images."
    )


def test_a_tower_without_blocks_is_named(inputs, tmp_path):
    reason = "the tower is no plain vision transformer"
    missing = {"stream": reason, "parts": reason, "read-out": reason}
    found = sentences_for(inputs, tmp_path, of=tower(pooling="", missing=missing))
    assert latex.escape(reason) in found["ledger_sentence"]


def test_encoders_without_blocks_do_not_agree_or_disagree(inputs, tmp_path):
    changed = with_mechanism(inputs, tmp_path)
    changed.mechanism["mechanism_agreement"]["agreement"] = "undefined"
    found = sentences_of(changed)
    assert found["mechanism_agreement_sentence"] == "For no two encoders of this run can blocks be compared."


def test_without_a_mechanism_only_the_abstract_has_a_sentence_which_is_empty(inputs):
    found = sentences_of(inputs)
    assert found["mechanism_abstract_sentence"] == r"\none"
    assert "ledger_sentence" not in found
