"""claims.csv: a claim that was not tested has a reason and empty cells, and is read as it was written."""

import pytest

from embedding_shift.claims import verdicts
from embedding_shift.errors import InputError
from embedding_shift.io import tables

JUDGEMENTS = {
    "clear": verdicts.tested(verdicts.Interval(0.30000000000000004, 0.1, 0.5), 24),
    "against": verdicts.tested(verdicts.Interval(-0.25, -0.5, -0.125), 24),
    "zero": verdicts.tested(verdicts.Interval(0.0, 0.0, 0.0), 24),
    "few": verdicts.untested("2 images are too few, and so are 3", 2),
    "absent": verdicts.untested("this run has no fog"),
}
HEADER = "claim,verdict,effect,ci_low,ci_high,n,reason"


def written(path, judgements):
    tables.write_csv(path, verdicts.as_table(judgements))
    return path.read_text().splitlines()


def test_cells_without_a_value_are_empty_and_zero_is_a_value(tmp_path):
    assert written(tmp_path / "claims.csv", JUDGEMENTS) == [
        HEADER,
        "clear,supported,0.30000000000000004,0.1,0.5,24,",
        "against,contradicted,-0.25,-0.5,-0.125,24,",
        "zero,not resolved,0.0,0.0,0.0,24,",
        'few,not tested,,,,2,"2 images are too few, and so are 3"',
        "absent,not tested,,,,0,this run has no fog",
    ]


@pytest.mark.parametrize("names", [list(JUDGEMENTS), ["clear", "zero"], ["few", "absent"], []])
def test_what_is_read_is_what_was_written(tmp_path, names):
    judgements = {name: JUDGEMENTS[name] for name in names}
    written(tmp_path / "claims.csv", judgements)
    assert verdicts.read(tmp_path / "claims.csv") == judgements
    assert list(verdicts.read(tmp_path / "claims.csv")) == names


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0.2, 0.1, 0.3), "supported"), ((-0.2, -0.3, -0.1), "contradicted"), ((0.1, 0.0, 0.2), "not resolved")],
)
def test_the_verdict_says_on_which_side_of_zero_the_interval_lies(interval, verdict):
    found = verdicts.tested(verdicts.Interval(*interval), 24)
    assert found.verdict == found.in_words == verdict


def test_a_claim_without_an_interval_is_not_tested_and_says_why():
    found = verdicts.untested("perspective is not configured")
    assert (found.verdict, found.in_words) == ("not tested", "not tested (perspective is not configured)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "claim,verdict,effect,ci_low,ci_high,n\na,not resolved,0.0,0.0,0.0,2",
            "has no column 'reason'; judge the claims",
        ),
        (f"{HEADER}\na,not resolved,,,,2,", "claim 'a': it must have either an effect with bounds, or the reason"),
        (
            f"{HEADER}\na,supported,1,0.5,2,2,too few",
            "claim 'a': it must have either an effect with bounds, or the reason",
        ),
        (f"{HEADER}\na,supported,1,,2,2,", "claim 'a': could not convert string to float: ''"),
        (f"{HEADER}\na,supported,1,0.5,2,many,", "claim 'a': .*'many'"),
        (
            f"{HEADER}\na,supported,1,-0.5,2,24,",
            "claim 'a': found the verdict 'supported'; by its interval it is 'not res",
        ),
        (
            f"{HEADER}\na,supported,,,,0,too few",
            "claim 'a': found the verdict 'supported'; by its interval it is 'not tes",
        ),
    ],
)
def test_a_row_that_is_no_judgement_is_refused(tmp_path, text, said):
    (tmp_path / "claims.csv").write_text(text + "\n")
    with pytest.raises(InputError, match=said):
        verdicts.read(tmp_path / "claims.csv")
