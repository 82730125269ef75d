"""The record of a run, `results/run.json`: its id, configuration, code, data, versions and the hashes of its tables.

Equal runs write the same bytes: the record holds no times, and no path of this machine.
"""

import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from embedding_shift.errors import InputError
from embedding_shift.io import atomic

FILE = "run.json"
FORMAT = 1  # of the results folder; a larger number for every change that older readers would misread
ID_LENGTH = 16  # hexadecimal digits
PIN = re.compile(r"^\s+- (?P<name>[A-Za-z0-9][\w.-]*)={1,2}(?P<version>[^\s#;]+)", re.MULTILINE)

StrPath = str | PathLike[str]


@dataclass(frozen=True)
class RunRecord:
    """What identifies a run.

    Attributes:
        format: number of the layout of the results folder.
        run_id: first ID_LENGTH digits of the SHA-256 of the configuration, the code, the data and the encoders.
        revision: commit of the code, with `-modified` if the working tree differs from it; None outside of git.
        code_sha256: SHA-256 of all source files that the results depend on.
        configuration: the validated configuration.
        configuration_sha256: its SHA-256.
        data: SHA-256 of manifest.csv by name of the dataset; the manifest holds the SHA-256 of every image.
        encoders: SHA-256 of the weights by name of the encoder.
        versions: version by name of each package that the environments pin.
        files: SHA-256 of every table by its path in the results folder.
        rules: patterns of output files, as paths in the results folder, by name of the rule that writes them.
        paper: `parameters` and `inputs` of the paper's texts and tables, by name of the option of
            scripts/write_numbers.py. An input is a path in the results folder, or `project:PATH` in the project.
    """

    format: int
    run_id: str
    revision: str | None
    code_sha256: str
    configuration: dict[str, Any]
    configuration_sha256: str
    data: dict[str, str]
    encoders: dict[str, str]
    versions: dict[str, str]
    files: dict[str, str]
    rules: dict[str, list[str]]
    paper: dict[str, Any]

    def rule_of(self, path: str) -> str | None:
        """Return the name of the rule that writes a file, given its path in the results folder; None if unknown."""
        for rule, patterns in self.rules.items():
            if any(re.fullmatch(_as_regex(pattern), path) for pattern in patterns):
                return rule
        return None


def identified(
    results_folder: StrPath,
    project: StrPath,
    configuration: Mapping[str, Any],
    sources: Iterable[StrPath],
    manifests: Mapping[str, StrPath],
    provenances: Mapping[str, StrPath],
    environments: Iterable[StrPath],
    tables: Iterable[StrPath],
    rules: Mapping[str, list[str]],
    paper: Mapping[str, Any],
) -> RunRecord:
    """Return the record of a run whose tables are complete.

    Args:
        results_folder: folder that the run writes to.
        project: folder of the project.
        configuration, rules, paper: as in RunRecord.
        sources: the source files that the results depend on.
        manifests: path of manifest.csv by dataset.
        provenances: path of provenance.json by encoder.
        environments: paths of the conda environment files.
        tables: paths of all tables, within `results_folder`.
    """
    project, results_folder = Path(project).resolve(), Path(results_folder)
    configuration = dict(sorted(configuration.items()))  # the order of the entries of a section counts, this one not
    code = {Path(path).resolve().relative_to(project).as_posix(): atomic.sha256(path) for path in sources}
    identity: dict[str, Any] = {
        "code_sha256": _sha256(code),
        "configuration_sha256": _sha256(configuration),
        "data": {name: atomic.sha256(path) for name, path in manifests.items()},
        "encoders": {name: _weights_of(path) for name, path in provenances.items()},
    }
    return RunRecord(
        format=FORMAT,
        run_id=_sha256(identity)[:ID_LENGTH],
        revision=_revision(project),
        configuration=configuration,
        versions=_versions(environments),
        files={path.relative_to(results_folder).as_posix(): atomic.sha256(path) for path in sorted(map(Path, tables))},
        rules=dict(rules),
        paper=dict(paper),
        **identity,
    )


def write(path: StrPath, record: RunRecord) -> None:
    """Write a record as JSON."""
    atomic.write_text(path, json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n")


def identity_of(record: RunRecord) -> dict[str, str]:
    """Return what identifies a run, by the name of the key in the metadata of its PDF."""
    hashes = {"DataSHA256": record.data, "EncoderSHA256": record.encoders}
    return {
        "RunId": record.run_id,
        "CodeRevision": record.revision or "unknown",
        "CodeSHA256": record.code_sha256,
        "ConfigurationSHA256": record.configuration_sha256,
        **{key: " ".join(f"{name}:{value}" for name, value in found.items()) for key, found in hashes.items()},
    }


def write_latex(path: StrPath, record: RunRecord) -> None:
    """Write LaTeX that puts what identifies a run into the metadata of the PDF."""
    values = {key: value.replace("_", r"\_") for key, value in identity_of(record).items()}
    entries = ",\n".join(f"  {key}={{{value}}}" for key, value in values.items())
    atomic.write_text(path, f"\\hypersetup{{pdfinfo={{\n{entries}}}}}\n")


def read(folder: StrPath) -> RunRecord:
    """Return the record of the run in a results folder.

    Raises:
        InputError: there is no such folder, the run did not finish, or another version wrote the folder.
    """
    path = Path(folder, FILE)
    if not Path(folder).is_dir():
        raise InputError(f"there is no results folder {folder}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder} has no {FILE}: the run did not finish, or a version before this file wrote the folder; "
            "run `make paper` again"
        ) from None
    except ValueError as error:
        raise InputError(f"{path} cannot be read: {error}; run `make paper` again") from None
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise InputError(f"{path} has the format {found!r}; this version reads format {FORMAT}: use that of the run")
    try:
        record = RunRecord(**content)
    except TypeError as error:
        raise InputError(f"{path} is no record of a run: {error}") from None
    missing = [name for name in record.files if not Path(folder, name).is_file()]
    if missing:
        raise InputError(f"{folder} is incomplete: {missing[0]} is missing; run `make paper` again")
    return record


def _sha256(value: object) -> str:
    """Return the SHA-256 of a JSON value. The order of keys counts: it is that of tables and figures."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


def _weights_of(provenance: StrPath) -> str:
    content: dict[str, Any] = json.loads(Path(provenance).read_text(encoding="utf-8"))
    return str(content["weights_sha256"])


def _versions(environments: Iterable[StrPath]) -> dict[str, str]:
    pins: dict[str, str] = {}
    for path in environments:
        pins |= {match["name"]: match["version"] for match in PIN.finditer(Path(path).read_text(encoding="utf-8"))}
    return dict(sorted(pins.items()))


def _revision(project: Path) -> str | None:
    """Return the commit of the project folder; None if it is not the root of a git repository."""

    def git(*arguments: str) -> str | None:
        command = ["git", "-C", str(project), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    top, commit = git("rev-parse", "--show-toplevel"), git("rev-parse", "HEAD")
    if not top or not commit or Path(top).resolve() != project:
        return None
    return f"{commit}-modified" if git("status", "--porcelain", "--untracked-files=no") else commit


def _as_regex(pattern: str) -> str:
    """Return a regular expression for a pattern of Snakemake, such as `{dataset}/views/{view}/{shard}.tar`."""
    parts = re.split(r"\{[^{}]+\}", pattern)
    return "[^/]+".join(map(re.escape, parts))
