"""The files that a script depends on include everything that importing the library runs."""

from pathlib import Path

import pytest

from embedding_shift.code_dependencies import source_files


@pytest.fixture
def project(tmp_path):
    """Return a function that writes files below scripts/ and names what a script depends on."""

    def dependencies(files, script="job", modules=()):
        for name, text in {"embedding_shift/__init__.py": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return {str(Path(path).relative_to(tmp_path)) for path in source_files(script, tmp_path, modules)}

    return dependencies


LIBRARY = "embedding_shift/__init__.py"


def test_a_module_that_is_not_imported_is_left_out(project):
    files = {"job.py": "import numpy\n", "embedding_shift/other.py": ""}
    assert project(files) == {"job.py"}


def test_importing_a_package_includes_its_init_and_what_that_imports(project):
    files = {
        "job.py": "import embedding_shift.metrics\n",
        "embedding_shift/metrics/__init__.py": "from embedding_shift.metrics import pixel_metrics\n",
        "embedding_shift/metrics/pixel_metrics.py": "",
    }
    assert project(files) == {"job.py", LIBRARY, *list(files)[1:]}


def test_a_registry_filled_by_the_package_is_included_when_a_module_of_it_is_imported(project):
    files = {
        "job.py": "from embedding_shift.metrics.registry import REGISTRY\n",
        "embedding_shift/metrics/__init__.py": "from embedding_shift.metrics import pixel_metrics\n",
        "embedding_shift/metrics/pixel_metrics.py": "from embedding_shift.metrics import registry\n",
        "embedding_shift/metrics/registry.py": "REGISTRY = {}\n",
    }
    assert project(files) == {"job.py", LIBRARY, *list(files)[1:]}


@pytest.mark.parametrize(
    ("statement", "imported"),
    [
        ("from . import near", "embedding_shift/a/near.py"),
        ("from .near import name", "embedding_shift/a/near.py"),
        ("from ..b import far", "embedding_shift/b/far.py"),
        ("from ..b.far import name", "embedding_shift/b/far.py"),
        ("from .. import b", "embedding_shift/b/__init__.py"),
    ],
)
def test_relative_imports(project, statement, imported):
    files = {
        "job.py": "from embedding_shift.a import start\n",
        "embedding_shift/a/__init__.py": "",
        "embedding_shift/a/start.py": statement,
        "embedding_shift/a/near.py": "name = 1",
        "embedding_shift/b/__init__.py": "",
        "embedding_shift/b/far.py": "name = 1",
    }
    found = project(files)
    assert imported in found
    assert found <= {"job.py", LIBRARY, *files}


def test_relative_import_in_an_init(project):
    files = {
        "job.py": "from embedding_shift import a\n",
        "embedding_shift/a/__init__.py": "from .near import name",
        "embedding_shift/a/near.py": "name = 1",
    }
    assert project(files) == {"job.py", LIBRARY, *list(files)[1:]}


def test_an_import_inside_a_function_counts(project):
    files = {
        "job.py": "def main():\n    from embedding_shift import late\n",
        "embedding_shift/late.py": "",
    }
    assert project(files) == {"job.py", LIBRARY, "embedding_shift/late.py"}


def test_modules_that_are_imported_by_name_at_run_time(project):
    files = {"job.py": "", "embedding_shift/plots/__init__.py": "", "embedding_shift/plots/radar.py": ""}
    found = project(files, modules=["embedding_shift.plots.radar"])
    assert found == {"job.py", LIBRARY, *list(files)[1:]}
