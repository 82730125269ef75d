"""Rebuild the figures and the paper of this capsule: python3 rebuild.py

The file needs only the standard library, because it installs the packages if they are missing.
"""

import importlib.util
import json
import multiprocessing
import os
import runpy
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path

# Scripts by the stage in which they run: those of a stage do not read each other's outputs.
STAGES = {
    "plot": 0,
    "typeset_method": 0,
    "write_numbers": 0,
    "write_paper_tables": 0,
    "draw_texts": 1,
    "build_paper": 2,
}
NEEDED = ("anyascii", "matplotlib", "pandas", "pyarrow", "pypdfium2", "scipy", "seaborn", "statsmodels", "yaml")


def stage_of(script: str) -> int | None:
    """Return the stage of a script, given its path; None if the capsule does not run it."""
    return STAGES.get(Path(script).stem)


def run(words: list[str]) -> str | None:
    """Run a script with arguments in this process; return its error, or None."""
    sys.argv = words
    sys.path.insert(0, str(Path(words[0]).parent))
    for word in words:
        if word.startswith("results/") and Path(word).suffix:
            Path(word).parent.mkdir(parents=True, exist_ok=True)
    try:
        runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        return str(end) if end.code else None
    return None


def main() -> None:
    """Run all commands, those of a stage side by side."""
    os.chdir(Path(__file__).parent)
    if not all(map(importlib.util.find_spec, NEEDED)):
        install()
    commands = json.loads(Path("commands.json").read_text(encoding="utf-8"))
    context = multiprocessing.get_context("fork")
    for _, some in groupby(commands, key=lambda words: stage_of(words[0])):
        with ProcessPoolExecutor(os.cpu_count(), mp_context=context, max_tasks_per_child=None) as pool:
            for error in pool.map(run, some):
                if error:
                    sys.exit(error)
    os.replace("results/typeset.pdf", "results/paper.pdf")
    print("results/paper.pdf and the figures below results/ are rebuilt")


def install() -> None:
    """Install the packages into .venv and start again there."""
    python = Path(".venv/bin/python").absolute()
    if Path(sys.executable) == python:
        sys.exit("error: the packages of requirements.txt are incomplete; delete .venv and try again")
    subprocess.run([sys.executable, "-m", "venv", ".venv"], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", "requirements.txt"], check=True)
    os.execv(python, [str(python), "rebuild.py"])


if __name__ == "__main__":
    main()
