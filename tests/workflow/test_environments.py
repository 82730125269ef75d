"""The environments under envs/: exact, in step with each other and with what is installed, and enough for every job."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name
from snakemake.api import SnakemakeApi
from snakemake.settings.types import OutputSettings, ResourceSettings

PROJECT = Path(__file__).parents[2]
SCRIPTS = PROJECT / "scripts"
FILES = {path.stem: path for path in sorted((PROJECT / "envs").glob("*.yaml"))}
DISTRIBUTIONS = metadata.packages_distributions()

specification = importlib.util.spec_from_file_location("lock", PROJECT / "envs" / "lock.py")
lock = importlib.util.module_from_spec(specification)
specification.loader.exec_module(lock)


def pip_section(name):
    """The lines that pip gets in an environment, as YAML reads them."""
    dependencies = yaml.safe_load(FILES[name].read_text())["dependencies"]
    return next((entry["pip"] for entry in dependencies if isinstance(entry, dict)), [])


def pins(name, part=None):
    """{canonical name: version} of an environment, or of a part (0: above, 1: below the marker) of its file."""
    text = FILES[name].read_text()
    found = lock.pins(text if part is None else lock.split(text)[part])
    return {canonicalize_name(package): version for package, version in found.items()}


def imports(source):
    """All modules that Python source may import, those inside functions included."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def packages_reached(names):
    """The distributions behind imported modules, followed through this project's own library."""
    waiting, seen, reached = list(names), set(), set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        top = module.partition(".")[0]
        if top == "embedding_shift":
            base = SCRIPTS.joinpath(*module.split("."))
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                waiting += imports(file.read_text()) if file.exists() else []
        elif top in DISTRIBUTIONS and top not in sys.stdlib_module_names:
            reached.add(frozenset(canonicalize_name(name) for name in DISTRIBUTIONS[top]))
    return reached


@pytest.fixture(scope="module")
def rules():
    """The rules of the workflow, as Snakemake reads them."""
    with SnakemakeApi(OutputSettings(quiet={"all"})) as api:
        workflow = api.workflow(resource_settings=ResourceSettings(), snakefile=PROJECT / "Snakefile", workdir=PROJECT)
        return list(workflow._workflow.rules)


def code_of(rule):
    """Return the source files of a rule."""
    find = rule.input.get("code")
    return find(None) if find else []


@pytest.mark.parametrize("name", FILES)
def test_has_the_form_that_conda_and_pip_can_deploy(name):
    environment = yaml.safe_load(FILES[name].read_text())
    assert environment["channels"] == ["conda-forge"]
    assert environment["dependencies"][0] == "python=3.11"
    for line in pip_section(name):
        assert re.fullmatch(r"[A-Za-z0-9][\w.-]*==\d[\w.+!]*", line), f"{line} is no exact pin"


@pytest.mark.parametrize("name", FILES)
def test_pins_are_read_alike_by_yaml_and_by_the_text_tools(name):
    assert dict(line.split("==") for line in pip_section(name)) == lock.pins(FILES[name].read_text())


@pytest.mark.parametrize("name", FILES)
def test_pins_are_what_is_installed(name):
    assert pins(name) == {package: metadata.version(package) for package in pins(name)}


@pytest.mark.parametrize("name", FILES)
def test_pins_all_that_its_packages_need(name):
    text = FILES[name].read_text()
    assert lock.locked(text) == text, "run `make lock`"


def test_no_two_environments_pin_a_package_differently():
    spelled = {}
    for name in FILES:
        for line in pip_section(name):
            spelled.setdefault(canonicalize_name(line.split("==")[0]), set()).add(line.split("==")[1])
    assert {package: versions for package, versions in spelled.items() if len(versions) > 1} == {}


def test_every_package_named_by_hand_says_what_it_is_for():
    for name in FILES:
        above, _ = lock.split(FILES[name].read_text())
        bare = [line for line in above.splitlines() if "==" in line and "  # " not in line]
        assert bare == []


def test_of_the_environments_of_jobs_only_the_one_that_encodes_has_pytorch(rules):
    of_jobs = {Path(rule.conda_env).stem for rule in rules if rule.conda_env}
    assert [name for name in of_jobs if "torch" in pins(name)] == ["encode"]


def test_every_rule_with_a_command_names_an_environment(rules):
    assert [rule.name for rule in rules if rule.shellcmd and not rule.conda_env] == []
    assert {Path(rule.conda_env).name for rule in rules if rule.conda_env} <= {path.name for path in FILES.values()}


def test_every_script_is_run_by_a_rule_or_by_make(rules):
    commands = [(PROJECT / "Makefile").read_text(), *(path for rule in rules for path in code_of(rule))]
    used = {script for command in commands for script in re.findall(r"scripts/(\w+)\.py", command)}
    assert used == {path.stem for path in SCRIPTS.glob("*.py")}


@pytest.mark.slow
def test_no_script_imports_what_its_environment_lacks(rules):
    missing = []
    for rule in rules:
        # `record_run` reads further source files, and hashes them.
        files = [PROJECT / path for path in code_of(rule)]
        modules = {name for file in files for name in imports(file.read_text())}
        for distributions in packages_reached(modules):
            environment = Path(rule.conda_env).stem
            if not distributions & pins(environment, part=0).keys():
                missing.append(f"envs/{environment}.yaml needs {'/'.join(distributions)} for {rule.name}")
    assert not missing, sorted(set(missing))


def test_the_workflow_environment_holds_what_the_rules_import():
    lines = []
    for path in [PROJECT / "Snakefile", *sorted((PROJECT / "rules").glob("*.smk"))]:
        lines += [line for line in path.read_text().splitlines() if re.match(r"(import|from) ", line)]
    named = pins("workflow", part=0)
    reached = packages_reached(imports("\n".join(lines)))
    assert len(reached) >= 3
    assert [distributions for distributions in reached if not distributions & named.keys()] == []


@pytest.mark.slow
def test_tests_import_only_what_is_pinned_by_name():
    named = set().union(*(pins(name, part=0) for name in FILES))
    helpers = {path.stem for path in (PROJECT / "tests" / "helpers").glob("*.py")}
    files = sorted((PROJECT / "tests").rglob("*.py"))
    assert len(files) > 30
    for path in files:
        reached = packages_reached(imports(path.read_text()) - helpers)
        assert [packages for packages in reached if not packages & named] == [], f"{path.name}: not pinned by name"


CONDA = """#!/bin/sh
case "$*" in
"info --json") echo '{"conda_prefix": "/conda", "platform": "linux-64", "root_prefix": "/conda", "config_files": []}';;
"--version") echo "conda 26.7.1";;
"config --get channel_priority --json") echo '{"get": {"channel_priority": "strict"}}';;
*) echo "unexpected: $*" >&2; exit 1;;
esac
"""


@pytest.mark.slow
def test_changing_between_conda_and_the_virtual_environment_repeats_nothing(tmp_path):
    """A dry run asks conda only for its version and settings, which the stand-in answers."""
    shutil.copytree(PROJECT / "envs", tmp_path / "envs")
    rule = 'rule a:\n    output: "a.txt"\n    conda: "envs/images.yaml"\n    shell: "touch {output}"\n'
    (tmp_path / "Snakefile").write_text(rule)
    (tmp_path / "conda").write_text(CONDA)
    (tmp_path / "conda").chmod(0o755)

    def snakemake(*options):
        profile = PROJECT / "profiles" / "default"
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--workflow-profile", profile, *options]
        environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    snakemake()
    assert "Nothing to be done" in snakemake("--dry-run", "--use-conda")
    all_triggers = ("--rerun-triggers", "code", "input", "mtime", "params", "software-env")
    assert "Software environment definition has changed" in snakemake("--dry-run", "--use-conda", *all_triggers)


def test_the_workflow_environment_can_write_the_report():
    """Snakemake imports pygments for `--report`, but does not require it."""
    assert "pygments" in pins("workflow", part=0)


def test_lock_leaves_to_a_package_what_it_needs_on_one_system_alone(monkeypatch):
    needs = {
        "tower": ['engine>=1; platform_system == "Linux"', 'shared; sys_platform != "emscripten"', "extra[more]"],
        "shared": [],
        "extra": ['deep; extra == "more"', 'never; extra == "other"', "tower"],
        "deep": [],
    }
    monkeypatch.setattr(lock.metadata, "requires", needs.get)
    assert lock.needed(["tower"]) == ["deep", "extra", "shared"]


def test_lock_keeps_what_is_written_by_hand_and_renews_the_rest(monkeypatch):
    monkeypatch.setattr(lock.metadata, "requires", {"tower": ["base"]}.get)
    monkeypatch.setattr(lock.metadata, "version", {"base": "2.0"}.get)
    by_hand = "# Title.\n  - pip:\n      - tower==1.0  # why\n"
    once = lock.locked(by_hand)
    assert once == f"{by_hand}{lock.MARKER}\n      - base==2.0\n"
    assert lock.locked(once.replace("2.0", "1.9")) == once


def test_the_package_requires_exactly_what_the_library_imports():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    stated = {canonicalize_name(name) for name in project["dependencies"]}
    modules = set().union(*(imports(path.read_text()) for path in (SCRIPTS / "embedding_shift").rglob("*.py")))
    reached = packages_reached(modules)
    assert [packages for packages in reached if not packages & stated] == []
    assert stated <= set().union(*reached)


def test_package_and_citation_state_the_same_version_and_licence():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert (project["version"], project["license"]) == (citation["version"], citation["license"])
