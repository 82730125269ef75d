"""What the record of a run holds. Include this file after all rules that the results depend on."""

from snakemake.io import strip_wildcard_constraints

RECORDED_TABLES = [path for path in final_targets() if path.endswith(".csv")]
RECORDED_TABLES += collect("results/{dataset}/{model}/metrics.parquet", dataset=DATASETS, model=MODELS)
RECORDED_TABLES += [
    path
    for paths in PAPER_INPUTS.values()
    for path in (paths if isinstance(paths, list) else [paths])
    if path.startswith("results/") and path not in RECORDED_TABLES
]
RECORDED_SCRIPTS = list(SCRIPTS)


def recorded_sources(wildcards):
    """Return the source files of the rules before this file, and of the paper."""
    files = {path for script in RECORDED_SCRIPTS for path in files_of_script(*script)}
    return sorted(files | set(PAPER_SOURCES))


RECORD_INPUTS = {
    "tables": RECORDED_TABLES,
    "manifests": collect("results/{dataset}/manifest.csv", dataset=DATASETS),
    "provenances": collect("results/models/{model}/provenance.json", model=MODELS),
    "environments": [project_file(f"envs/{name}.yaml") for name in PAPER_ENVIRONMENTS],
    "sources": recorded_sources,
}


def portable(value):
    """Return a JSON value as text that is the same wherever the project folder is."""
    return as_json(value).replace(f"{PROJECT}/", "")


def in_results(path):
    """Return a path as results/run.json names it: within the results folder, or `project:PATH` in the project."""
    if str(path).startswith("results/"):
        return str(path).removeprefix("results/")
    return f"project:{(Path.cwd() / path).resolve().relative_to(PROJECT.resolve())}"


def paper_record(wildcards):
    """Return the inputs and the parameters of the paper's texts and tables, as JSON."""
    inputs = {
        key: list(map(in_results, paths)) if isinstance(paths, list) else in_results(paths)
        for key, paths in PAPER_INPUTS.items()
    }
    parameters = {key: value(wildcards) if callable(value) else value for key, value in PAPER_PARAMETERS.items()}
    return portable({"inputs": inputs, "parameters": parameters})


def rules_record(wildcards):
    """Return the patterns of the results that each rule writes, by rule, as JSON.

    With a storage provider, the paths of outputs begin with the folder of local copies. Rules that no dataset of the run
    needs are left out.
    """
    return as_json(
        {
            each.name: [strip_wildcard_constraints(str(path)).rpartition("results/")[2] for path in each.output]
            for each in workflow.rules
            if each.name not in ("copy_paper", "record_run") and NO_NAME not in each.wildcard_constraints.values()
        }
    )


RECORD_PARAMETERS = {
    "project": PROJECT,
    "configuration": lambda wildcards: portable(config),
    "datasets": DATASETS,
    "models": MODELS,
    "rules": rules_record,
    "paper": paper_record,
}
