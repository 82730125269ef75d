"""How many threads jobs that decode request."""

import json
import subprocess
import sys

import pytest
from pipeline import ENVIRONMENT, PROJECT

# A Snakefile that includes the project's and prints the threads.
SNAKEFILE = """
include: {snakefile!r}


print(json.dumps([decoding_threads(None)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("cores", "shards", "threads"), [(1, 1, 1), (2, 1, 1), (4, 1, 3), (16, 1, 4), (16, 8, 1)])
def test_decoding_leaves_a_core_for_making_the_bundle_and_uses_few(tmp_path, cores, shards, threads):
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(snakefile=str(PROJECT / "Snakefile")))
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--config", f"shards={shards}", "--dry-run"]
    command += ["--quiet", "--", "results/augmentations.csv"]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("[")] or [done.stderr]
    assert json.loads(line) == [threads]
