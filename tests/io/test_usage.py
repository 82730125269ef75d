"""What a process writes about itself is what it used, in columns that Snakemake's benchmark files have too."""

import csv
import subprocess
import sys

from pipeline import PROJECT

from embedding_shift.io import usage

SPENDING = """
import sys, time
sys.path.insert(0, {scripts!r})
from embedding_shift.io import usage
held = b"x" * {megabytes} * 2**20
del held
end = time.process_time() + 0.2
while time.process_time() < end:
    pass
time.sleep(0.3)
usage.write({path!r})
"""


def spent(path, megabytes):
    """The row that a process writes after having held so much memory, 0.2 s of a processor, and 0.3 s of sleep."""
    code = SPENDING.format(scripts=str(PROJECT / "scripts"), megabytes=megabytes, path=str(path))
    subprocess.run([sys.executable, "-c", code], check=True)
    with open(path, newline="") as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    return {name: float(value) for name, value in row.items()}


def test_seconds_and_peak_memory(tmp_path):
    small, large = (spent(tmp_path / f"{megabytes}.tsv", megabytes) for megabytes in (1, 301))
    assert 290 < large["max_rss"] - small["max_rss"] < 310
    for row in (small, large):
        assert row["s"] > 0.5
        assert 0.2 <= row["cpu_time"] < row["s"]


def test_it_is_written_whole(tmp_path):
    usage.write(tmp_path / "new/usage.tsv")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["usage.tsv"]
