"""The diagram of the workflow in the README."""

import subprocess
import sys

import pytest
from pipeline import ENVIRONMENT, PROJECT

from embedding_shift import workflow_diagram
from embedding_shift.errors import InputError

GRAPH = """flowchart TB
\tid0[all]
\tid1[encode]
\tid2[measure]
\tid3[plot_bars]
\tid4[plot_curves]
\tid5[write_numbers]
\tstyle id0 fill:#D96157
\tid1 --> id2
\tid1 --> id3
\tid2 --> id3
\tid2 --> id4
\tid2 --> id5
\tid3 --> id0
\tid5 --> id0
"""


def edges(diagram):
    return [line.strip() for line in diagram.splitlines() if "-->" in line]


def test_figures_are_one_node_and_redundant_edges_are_left_out():
    found = edges(workflow_diagram.simplified(GRAPH))
    assert found == ["encode --> measure", "measure --> figures", "measure --> tables"]


def test_output_without_rules_is_rejected():
    with pytest.raises(InputError, match="no graph of rules"):
        workflow_diagram.simplified("error: wrong configuration")


@pytest.mark.slow
def test_the_readme_shows_the_rules_of_the_workflow():
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--forceall", "--rulegraph", "mermaid-js"]
    done = subprocess.run(command, cwd=PROJECT, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    shown = (PROJECT / "README.md").read_text().partition("<!-- workflow:start -->")[2]
    assert workflow_diagram.simplified(done.stdout) in shown, "run `make docs`"
