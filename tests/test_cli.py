"""The end of a script: its output is written, its exit handlers run, and errors become one line."""

import subprocess
import sys

import pytest
from pipeline import PROJECT

from embedding_shift import cli
from embedding_shift.errors import InputError

SCRIPT = """
import atexit
from embedding_shift import cli
def main():
    atexit.register(print, "exit handler")
    print("output", flush=False)
cli.run(main)
"""


def test_output_is_written_and_exit_handlers_run():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={"PYTHONPATH": str(PROJECT / "scripts")}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "output\nexit handler\n", "")


SEARCHES = """
import gc
usual = gc.get_threshold()
from embedding_shift import cli
class Ring:
    def __init__(self):
        self.me = self
    def __del__(self):
        print("found", end=" ")
def main():
    print(gc.get_threshold() == usual, end=" ")
    Ring()
    gc.collect()
print(gc.get_threshold()[0] > 100 * usual[0], end=" ")
cli.run(main)
"""


def test_unreachable_objects_are_searched_rarely_during_imports_and_as_usual_afterwards():
    done = subprocess.run(
        [sys.executable, "-c", SEARCHES], env={"PYTHONPATH": str(PROJECT / "scripts")}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True True found ", "")


ELASTIC = """
import hashlib
from embedding_shift import cli
import numpy as np
from embedding_shift.views import transforms
pixels = np.random.default_rng(0).integers(256, size=(224, 224, 3), dtype=np.uint8)
transform = transforms.build("FastElasticTransform", {"alpha": 30, "sigma": 60})
for seed in range(4):
    transform.set_random_seed(seed)
    maps = transform.get_params_dependent_on_data({"shape": pixels.shape}, {})
    print(hashlib.sha256(maps["map_x"].tobytes() + maps["map_y"].tobytes()).hexdigest())
"""


def test_the_threads_of_a_job_do_not_change_an_elastic_warp():
    def warps(threads):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        # On these processors, several threads give other last digits.
        environment = {"PYTHONPATH": str(PROJECT / "scripts"), "OPENBLAS_CORETYPE": "Haswell"}
        environment |= dict.fromkeys(names, threads)
        done = subprocess.run([sys.executable, "-c", ELASTIC], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert warps("1") == warps("2") == warps("8")


def test_an_input_error_ends_the_script_with_one_line():
    def main():
        raise InputError("there is no file a.csv")

    with pytest.raises(SystemExit) as end:
        cli.run(main)
    assert end.value.code == "error: there is no file a.csv"


def test_paths_are_divided_into_groups_of_one_size_or_refused():
    assert cli.grouped(["a", "b", "c", "d"], 2) == [["a", "b"], ["c", "d"]]
    for paths, groups in ((["a", "b", "c"], 2), (["a"], 2)):
        with pytest.raises(InputError, match="cannot be divided into 2 groups of one size"):
            cli.grouped(paths, groups)
