"""How many cores jobs that encode or measure request, and how many they use."""

import json
import subprocess
import sys

import pytest
import yaml
from pipeline import ENVIRONMENT, PROJECT

# A Snakefile that includes the project's and prints what these jobs request and use.
SNAKEFILE = """
include: {snakefile!r}


print(json.dumps([function(None) for function in (encoding_cores, encoding_threads, pixel_cores, pixel_threads)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cores", "encoders", "shards", "encoding", "pixels"),
    [
        (1, 1, 1, (1, 1), (1, 1)),
        (2, 1, 1, (1, 2), (1, 2)),
        (2, 2, 1, (2, 2), (2, 2)),  # else two encoding jobs would run at a time
        (2, 1, 2, (1, 1), (1, 1)),
        (16, 2, 1, (15, 16), (1, 9)),
        (16, 1, 3, (6, 6), (6, 6)),  # else three would run at a time
    ],
)
def test_an_encoding_job_leaves_a_core_that_no_other_of_them_takes(tmp_path, cores, encoders, shards, encoding, pixels):
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(snakefile=str(PROJECT / "Snakefile")))
    models = {name: None for name in yaml.safe_load((PROJECT / "config.yaml").read_text())["models"]}
    models |= {f"encoder{number}": {"kind": "local-dir", "path": "bundle"} for number in range(encoders)}
    configuration = {"models": models, "primary": {"model": "encoder0"}, "shards": shards, "device": "cpu"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(configuration))
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", "config.yaml", "--dry-run"]
    command += ["--quiet", "--", "results/augmentations.csv"]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("[")] or [done.stderr]
    assert json.loads(line) == [*encoding, *pixels]
