"""Describe a results folder as an RO-Crate of the profile Workflow Run Crate (https://w3id.org/ro/wfrun/workflow)."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from embedding_shift.results import Run
from embedding_shift.results import record as run_record

PROFILES = ("https://w3id.org/ro/wfrun/process/0.5", "https://w3id.org/ro/wfrun/workflow/0.5")
WORKFLOW = "workflow/Snakefile"  # a copy, because a crate holds its files
TITLE = "Embedding Shift Dissection"
MEDIA_TYPES = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet", ".pdf": "application/pdf"}
MEDIA_TYPES |= {".json": "application/json", ".png": "image/png", ".tex": "application/x-tex"}


def write(run: Run, snakefile: Path) -> Path:
    """Write `ro-crate-metadata.json` into the results folder; return its path.

    The crate names the paper, the tables and the figures as results of the run, and the manifests and the encoders as
    its inputs. Views and arrays are in the folder and not listed.

    Args:
        run: a finished run.
        snakefile: the workflow.
    """
    folder, record = run.folder, run.record
    (folder / WORKFLOW).parent.mkdir(exist_ok=True)
    shutil.copyfile(snakefile, folder / WORKFLOW)
    finished = datetime.fromtimestamp((folder / run_record.FILE).stat().st_mtime, UTC).replace(microsecond=0)
    crate = ROCrate()
    crate.name = f"{TITLE}, run {record.run_id}"
    crate.description = f"Tables, figures and paper of the run {record.run_id}."
    crate.license = "https://spdx.org/licenses/MIT"
    crate.datePublished = finished
    profiles = [crate.add(ContextEntity(crate, profile, {"@type": "CreativeWork"})) for profile in PROFILES]
    crate.root_dataset["conformsTo"] = profiles
    properties: dict[str, Any] = {"name": TITLE, "version": record.revision or record.code_sha256}
    workflow = crate.add_workflow(folder / WORKFLOW, WORKFLOW, main=True, lang="snakemake", properties=properties)
    manifests = [_file(crate, folder, f"{dataset}/manifest.csv") for dataset in record.data]
    encoders = [
        crate.add(ContextEntity(crate, f"#encoder-{name}", {"@type": "Thing", "name": name, "sha256": weights}))
        for name, weights in record.encoders.items()
    ]
    results = [_file(crate, folder, name) for name in _results_of(run) if not name.endswith("/manifest.csv")]
    crate.add_action(
        workflow,
        identifier=f"#run-{record.run_id}",
        object=[*manifests, *encoders],
        result=results,
        properties={"name": f"Run {record.run_id}", "endTime": finished.isoformat()},
    )
    crate.metadata.write(folder)
    return folder / "ro-crate-metadata.json"


def _results_of(run: Run) -> list[str]:
    """Return the files that the crate lists, as paths in the results folder."""
    names = ["paper.pdf", "numbers.tex", run_record.FILE, *run.record.files]
    names += [path.relative_to(run.folder).as_posix() for path in sorted(run.folder.rglob("figures/*.*"))]
    return [name for name in names if (run.folder / name).is_file()]


def _file(crate: ROCrate, folder: Path, name: str) -> Any:
    path = folder / name
    properties: dict[str, Any] = {"name": name, "contentSize": str(path.stat().st_size)}
    if path.suffix in MEDIA_TYPES:
        properties["encodingFormat"] = MEDIA_TYPES[path.suffix]
    return crate.add_file(path, name, properties=properties)
