"""The validated configuration, and functions that return inputs, parameters and targets, for all rule files."""

import json
import re
import sys
from functools import cache, reduce
from operator import getitem
from pathlib import Path

import yaml

# The folder of the Snakefile, also when another workflow imports this one as a module.
PROJECT = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent
sys.path.insert(0, str(PROJECT / "scripts"))
from embedding_shift.code_dependencies import source_files
from embedding_shift.config import counterparts, references
from embedding_shift.config.entries import steps_of
from embedding_shift.config.validation import in_order_of_definition, validated
from embedding_shift.errors import InputError


def located(path):
    """Return a path of the configuration, relative to the project folder if the working folder does not have it."""
    is_local = "://" not in path and not Path(path).is_absolute()
    return str(PROJECT / path) if is_local and not Path(path).exists() and (PROJECT / path).exists() else path


def shipped_configuration():
    """Return the content of config.yaml; empty if the run does not use it, as a module of another workflow."""
    path = PROJECT / "config.yaml"
    used = path in map(Path, workflow.configfiles) and not workflow.config_settings.replace_workflow_config
    return read_yaml(path) if used else {}


def read_yaml(path):
    """Return the content of a YAML file; the C library reads it ten times faster, where PyYAML has it."""
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


try:
    ordered = in_order_of_definition(config, shipped_configuration())
    config.update(validated(ordered, read_yaml(PROJECT / "config/schema.yaml")))
    references.pin(config["augmentations"], located)
except InputError as error:
    sys.exit(f"error: {error}")

COUNTERPARTS = [entry for _, _, entry in counterparts.paths(config)]
for entry in (*config["datasets"].values(), *config["models"].values(), *COUNTERPARTS):
    entry.update({key: located(entry[key]) for key in ("path", "pin") if entry.get(key)})
for key in ("prompts", "phrases", "classes"):
    if config["words"][key]:
        config["words"][key] = located(config["words"][key])

AUGMENTATIONS = list(config["augmentations"])
VIEWS = ["original", *AUGMENTATIONS]
DATASETS = list(config["datasets"])
MODELS = list(config["models"])
SHARDS = [f"{number:05d}" for number in range(config["shards"])]
# One encoding job takes the shards from one of these to the next.
PARTS = SHARDS[:: config["encode_shards_per_job"]]
VALUES = {"augmentation": AUGMENTATIONS, "view": VIEWS, "shard": SHARDS, "part": PARTS}
# Options of scripts, as parameters of rules.
STORE = ["--store", config["store"]] if config["store"] else []
BOOTSTRAP = "--resamples {resamples} --confidence {confidence} --seed {seed}".format(
    **config["bootstrap"], seed=config["seed"]
).split()
# Names of such parameters: each is a list of options with their values.
OPTION_LISTS = {"bootstrap", "encoding", "selection", "store"}


wildcard_constraints:
    augmentation="|".join(AUGMENTATIONS),
    view="|".join(VIEWS),
    dataset="|".join(DATASETS),
    model="|".join(MODELS),
    attacked="|".join(MODELS),
    shard=r"\d{5}",
    part=r"\d{5}",
    page=r"\d+",


def project_file(path):
    """Return the path of a project file: relative if the working folder is the project folder, else absolute."""
    return str(path) if PROJECT == Path.cwd() else str(PROJECT / path)


# The arguments of every call of `code` so far.
SCRIPTS = []


def code(script, modules=()):
    """Return an input function: a script and the library modules that it uses, so that an edit reruns only their jobs.

    `modules` are further modules that the script imports by name at run time.
    """
    SCRIPTS.append((script, tuple(modules)))
    return lambda wildcards: files_of_script(script, tuple(modules))


@cache
def files_of_script(script, modules):
    """Return the files of `code`. They are looked for when a job needs them, because few runs need those of all rules."""
    files = source_files(script, PROJECT / "scripts", modules)
    return [project_file(Path(path).relative_to(PROJECT)) for path in files]


# `input.views`, `input.views,weights`, `output` or `threads`
NAMED_VALUES = re.compile(r"(input|output|params|wildcards)\.(\w+(?:,\w+)*)|output|threads")


def command(arguments="", **sections):
    """Return the shell command of a rule: run the first file of `input.code`, and copy its output to the log.

    A word of `arguments` such as `input.views,pixel_metrics` becomes the options of these names with their values,
    `--views {input.views:q} --pixel-metrics {input.pixel_metrics:q}`; `output` becomes `--output {output:q}`. A
    parameter in OPTION_LISTS stands for the options that it holds. Words of another form stay as they are.

    `sections` add all names of a dictionary but those of checksums: `input=VIEWS` is `input.` and the names in VIEWS.
    """
    words = arguments.split()
    words += [f"{section}.{','.join(without_checksums(values))}" for section, values in sections.items()]
    words = [NAMED_VALUES.sub(as_options, word) if NAMED_VALUES.fullmatch(word) else word for word in words]
    return f"python {{input.code[0]:q}} {' '.join(words)} 2>&1 | tee {{log:q}}"


def as_options(match):
    """Return the options that a match of NAMED_VALUES stands for."""
    names = match[2].split(",") if match[2] else []
    values = {name: f"{match[1]}.{name}" for name in names} or {match[0]: match[0]}
    options = {name: "" if name in OPTION_LISTS else f"--{name.replace('_', '-')} " for name in values}
    return " ".join(f"{options[name]}{{{value}:q}}" for name, value in values.items())


def every(path, *wildcards):
    """Return the paths with every value of some wildcards (augmentation, view, shard); the others stay wildcards."""
    return collect(path, allow_missing=True, **{wildcard: VALUES[wildcard] for wildcard in wildcards})


def stored(**shards):
    """Return shards of views by name, each followed by its checksums, as inputs or outputs of a rule."""
    files = {}
    for name, paths in shards.items():
        checksums = [f"{path}.sha256" for path in paths] if isinstance(paths, list) else f"{paths}.sha256"
        files |= {name: paths, f"{name}_checksum": checksums}
    return files


def stored_of_part(**views):
    """Return shards of views by name, each followed by its checksums, as inputs of a rule with the wildcard `part`.

    The values are the names of the views. All shards of a view follow one another.
    """

    def files(view, suffix):
        return lambda wildcards: collect(
            "results/{dataset}/views/{view}/{shard}.{suffix}",
            dataset=wildcards.dataset,
            view=view,
            shard=shards_of_part(wildcards.part),
            suffix=suffix,
        )

    found = {}
    for name, view in views.items():
        found |= {name: files(view, "tar"), f"{name}_checksum": files(view, "tar.sha256")}
    return found


def shards_of_part(part):
    """Return the shards that are encoded together with the shard `part`, the first of them."""
    first = SHARDS.index(part)
    return SHARDS[first : first + config["encode_shards_per_job"]]


def without_checksums(files):
    """Return the names of files, without those that `stored` added."""
    return [name for name in files if not name.endswith("_checksum")]


def settings(*keys):
    """Return keys of the configuration as parameters of a rule; `study.draws` becomes the parameter `draws`."""
    return {key.split(".")[-1]: reduce(getitem, key.split("."), config) for key in keys}


def bundle(wildcards, input):
    """Return the bundle folder of an encoding job."""
    return Path(input.config).parent


def augmentation_steps(wildcards):
    """Return the transforms of the augmentation with their arguments, as JSON."""
    return as_json(steps_of(config["augmentations"][wildcards.augmentation]))


def without_braces(paths):
    """Return the paths that can be inputs of a rule: Snakemake takes braces in an input for wildcards."""
    return [path for path in paths if "{" not in path]


def tables(*names, **files):
    """Return the tables of a dataset and model as outputs of a rule; `files` gives the file name of other outputs."""
    files = {name: name for name in names} | files
    return {name: f"results/{{dataset}}/{{model}}/{file}.csv" for name, file in files.items()}


def dataset_location(*keys):
    """Return keys of a dataset's entry as parameters of a rule."""
    return {key: lookup(within=config, dpath=f"datasets/{{dataset}}/{key}") for key in keys}


def dataset_source(wildcards):
    """Return the table that lists a dataset; a folder or shards are a parameter, since they have no single mtime."""
    entry = config["datasets"][wildcards.dataset]
    is_table = entry["kind"] in ("csv", "tsv") or is_paired(wildcards.dataset) and counterparts.is_table(entry["path"])
    return without_braces([entry["path"]] if is_table else [])


def bundle_source(wildcards):
    """Return the files of a local model, so that changes are used; the script reports missing files."""
    entry = config["models"][wildcards.model]
    bundle_files = ["open_clip_config.json", "open_clip_model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    names = {"local-dir": [*bundle_files, "config.json"], "checkpoint": [""]}
    if entry["kind"] == "transformers" and "path" in entry:
        weights = sorted(path.name for path in Path(entry["path"]).glob("*.safetensors"))
        names["transformers"] = ["config.json", "preprocessor_config.json", *weights]
    paths = (Path(entry["path"], name) for name in names.get(entry["kind"], []))
    return without_braces(str(path) for path in paths if path.is_file())


def model_source(wildcards):
    """Return the model's entry as JSON, without the keys that do not affect its weights."""
    entry = config["models"][wildcards.model]
    return as_json({key: value for key, value in entry.items() if key not in ("label", "precision")})


def encoding_options(wildcards):
    """Return the options for device, precision and batch size of a model's encoding jobs."""
    size = config["batch_size"]
    memory_or_size = ["--batch-size", str(size)] if size else ["--memory-mb", str(config["encode_memory_mb"])]
    return [
        *("--device", config["device"]),
        *("--precision", config["models"][wildcards.model]["precision"]),
        *memory_or_size,
    ]


# Inputs of every encoding job.
BUNDLE = {
    "config": "results/models/{model}/open_clip_config.json",
    "weights": "results/models/{model}/open_clip_model.safetensors",
}


def encoder(**others):
    """Return the parameters of an encoding job: those of every such job, and others."""
    return {"bundle": bundle, "encoding": encoding_options} | others


def verbatim(value):
    """Return a parameter function for user-supplied text, so that braces in it are not taken for wildcards."""
    return lambda wildcards: value


def as_json(section):
    """Return a section of the configuration as one line of JSON, for a command-line argument."""
    return json.dumps(section, ensure_ascii=True)


def label(kind, name):
    """Return the label of a dataset or model."""
    return config[kind][name].get("label", name)


def is_acquired(dataset):
    """Return whether the images of a dataset are fetched from URLs."""
    entry = config["datasets"][dataset]
    return entry["kind"] == "tsv" or (
        entry["kind"] == "webdataset" and entry["path"].lower().startswith(("http://", "https://"))
    )


def acquisition_table(wildcards):
    """Return the acquisition table of a dataset; an empty list if the dataset has no URLs."""
    return collect("results/{dataset}/acquisition.csv", dataset=filter(is_acquired, [wildcards.dataset]))


def downloads(wildcards):
    """Return the download folder of a dataset."""
    return f"results/{wildcards.dataset}/downloads"


def pinned_images(wildcards):
    """Return the table that pins a dataset's images; an empty list if the dataset is not pinned."""
    pin = config["datasets"][wildcards.dataset]["pin"]
    return without_braces([pin] if pin else [])


def keeps_duplicates(dataset):
    """Return whether all images with the same pixels are used."""
    return config["datasets"][dataset]["duplicates"] == "keep"


def selection(wildcards):
    """Return the options that choose the images of a dataset: number, pinned images, same pixels, counterparts."""
    entry = config["datasets"][wildcards.dataset]
    return [
        *(["--n-images", str(entry["n_images"])] if entry["n_images"] else []),
        *(["--pin", entry["pin"]] if entry["pin"] else []),
        *(["--keep-duplicates"] if keeps_duplicates(wildcards.dataset) else []),
        *(["--counterpart-names", *AUGMENTATIONS] if is_paired(wildcards.dataset) else []),
    ]


def table_report(name, title):
    """Return the place of a table in the report, as arguments of `report`."""
    labels = {"dataset": "{dataset}", "model": "{model}", "table": title}
    return {"caption": f"../report/{name}.rst", "category": "Tables", "labels": labels}


def final_targets():
    """Return the files of a complete run: the paper, and every table and figure of every model."""
    tables = ["exclusions", "summary", "pairwise_distance", "paired_differences", "friedman", "mean_ranks", "claims"]
    tables += ["notable_images"]
    every_model = collect(
        "results/{dataset}/{model}/{result}",
        dataset=DATASETS,
        model=MODELS,
        result=[f"{table}.csv" for table in tables] + [f"figures/{figure}.pdf" for figure in PAPER_FIGURES],
    )
    acquired = collect("results/{dataset}/acquisition_summary.csv", dataset=filter(is_acquired, DATASETS))
    precision = collect("results/{dataset}/{model}/precision.csv", dataset=DATASETS, model=REDUCED)
    comparison = ["results/comparison.csv", "results/figures/model_comparison.pdf"]
    return [
        "results/paper.pdf",
        "results/README.md",
        "results/run.json",
        *every_model,
        *study_targets(),
        *mechanism_targets(),
        *words_targets(),
        *adversarial_targets(),
        *precision,
        *comparison,
        *acquired,
    ]
