"""Continuous integration, pre-commit and make run the same checks."""

import re

import yaml
from pipeline import PROJECT

MAKEFILE = (PROJECT / "Makefile").read_text()


def recipe(target):
    return re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]


def test_a_rule_has_at_most_twenty_lines():
    texts = [path.read_text() for path in (PROJECT / "rules").glob("*.smk")]
    rules = [rule for text in texts for rule in re.findall(r"^ *rule\b.*:\n(?:(?:    .*)?\n)+", text, re.MULTILINE)]
    assert len(rules) > 40
    assert [rule for rule in rules if len(rule.strip().splitlines()) > 20] == []


def test_a_module_has_at_most_300_lines():
    paths = [path for folder in ("scripts", "tests") for path in (PROJECT / folder).rglob("*.py")]
    assert [path for path in paths if len(path.read_text().splitlines()) > 300] == []


def test_data_frames_are_read_from_csv_in_one_place():
    """Elsewhere, pandas would turn names such as `007` into numbers."""
    paths = (PROJECT / "scripts").rglob("*.py")
    assert [path.name for path in paths if "pd.read_csv" in path.read_text()] == ["tables.py"]


def test_pre_commit_uses_the_tools_of_make_check():
    (local,) = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = {re.search(r"\.venv/bin/(.+)", hook["entry"])[1] for hook in local["hooks"]}
    checks = re.findall(r"\$\(BIN\)/([\w-]+(?: (?:format|check|--lint)\b)?)", recipe("check"))
    assert hooks == set(checks)


def test_continuous_integration_calls_make():
    jobs = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text())["jobs"]
    commands = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert commands["test-fast"][-1] == "make test-fast"
    assert commands["test"][-1] == "make test"
