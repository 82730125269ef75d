"""The scripts judge claims and write them into the README."""

import subprocess
import sys

import pytest
from made_up_claims import APART, FAR, GOOD, NAMES, evidence, long_table
from pipeline import PROJECT

from embedding_shift.claims import published_claims, table, verdicts
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, tables

ON_ATTACKS = """
attack_claims:
  - id: signs
    text: It moves farther.
    source: a paper
    contradicted_by: It does not.
    exceeds_random_signs: {epsilon: 4}
"""


def command(script, *arguments):
    call = [sys.executable, f"scripts/{script}.py", *map(str, arguments)]
    return subprocess.run(call, cwd=PROJECT, capture_output=True, text=True)


@pytest.mark.slow
def test_the_scripts_judge_a_run_and_write_the_readme(tmp_path):
    data = evidence(APART, FAR)
    (tmp_path / "claims.yaml").write_text(GOOD)
    tables.write_parquet(tmp_path / "metrics.parquet", long_table(data.values))
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

    attack = tmp_path / "attack.csv"
    attack.write_text(
        "claim,verdict,effect,ci_low,ci_high,n,reason\nsigns,not tested,,,,0,this run attacks no encoder\n"
    )
    with (tmp_path / "claims.yaml").open("a") as file:
        file.write(ON_ATTACKS)
    readme.write_text(written + "<!-- attack-claims:start -->\n<!-- attack-claims:end -->\n")
    assert command(*call, "--attack-verdicts", attack, "--readme", readme).returncode == 0
    assert "| It moves farther. | a paper | not tested (this run attacks no encoder) | – | 0 |" in readme.read_text()

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
    assert last_row(verdicts.untested("too few images", 2)) == f"{row} not tested (too few images) | – | 2 |"
    assert (
        last_row(verdicts.tested(verdicts.Interval(-0.01234, -0.5, 0.0001), 9))
        == f"{row} not resolved | −0.0123 (−0.5 to 0) | 9 |"
    )
    assert last_row(verdicts.tested(verdicts.Interval(0.0, 0.0, 0.0), 9)) == f"{row} not resolved | 0 (0 to 0) | 9 |"


def test_claims_and_judgements_must_match(published):
    found = verdicts.untested("too few images")
    assert [claim.id for claim, _ in table.joined(published, {"first": found})] == ["first"]
    with pytest.raises(InputError, match="claim 'first' has no verdict"):
        table.joined(published, {})
    with pytest.raises(InputError, match="'second', which the claims file does not have"):
        table.joined(published, {"first": found, "second": found})
