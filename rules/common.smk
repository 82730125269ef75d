"""What the other files share: the validated configuration, and functions that name inputs, parameters and targets."""

import json
import sys
from pathlib import Path

import yaml

sys.path.insert(0, f"{workflow.basedir}/scripts")
from embedding_shift.code_dependencies import source_files
from embedding_shift.config.validation import validated
from embedding_shift.errors import InputError

try:
    config.update(validated(config, yaml.safe_load(Path(workflow.basedir, "config/schema.yaml").read_text())))
except InputError as error:
    sys.exit(f"error: {error}")

AUGMENTATIONS = list(config["augmentations"])
VIEWS = ["original", *AUGMENTATIONS]
DATASETS = list(config["datasets"])
MODELS = list(config["models"])
SHARDS = [f"{number:05d}" for number in range(config["shards"])]


wildcard_constraints:
    augmentation="|".join(AUGMENTATIONS),
    view="|".join(VIEWS),
    dataset="|".join(DATASETS),
    model="|".join(MODELS),
    shard=r"\d{5}",
    page=r"\d+",


def code(script):
    """Return a script and the library modules it uses, so that a changed line reruns only the jobs that use it."""
    root = Path(workflow.basedir)
    return [str(Path(path).relative_to(root)) for path in source_files(script, root / "scripts")]


def augmentation_entry(key):
    """Return a function of the wildcards that looks up a key of the augmentation's entry."""
    return lambda wildcards: config["augmentations"][wildcards.augmentation][key]


def augmentation_parameters(wildcards):
    """Return the arguments of the augmentation's transform, as JSON."""
    return as_json(config["augmentations"][wildcards.augmentation]["parameters"])


def dataset_source(wildcards):
    """Return the table that a dataset is listed from; a folder or shards are a parameter, since no one date tells."""
    entry = config["datasets"][wildcards.dataset]
    return [entry["path"]] if entry["kind"] in ("csv", "tsv") else []


def bundle_source(wildcards):
    """Return the files of a local bundle, so that a changed one is taken; what is missing the script says."""
    entry = config["models"][wildcards.model]
    names = ["open_clip_config.json", "open_clip_model.safetensors"] if entry["kind"] == "local-dir" else []
    return [str(path) for name in names if (path := Path(entry["path"], name)).exists()]


def model_source(wildcards):
    """Return the model's entry without what says nothing about the weights, as JSON."""
    entry = config["models"][wildcards.model]
    return as_json({key: value for key, value in entry.items() if key not in ("label", "precision")})


def encoding_options(wildcards):
    """Return the arguments that say how a model's encoding jobs compute."""
    size = config["batch_size"]
    return " ".join(
        [
            f"--device {config['device']}",
            f"--precision {config['models'][wildcards.model]['precision']}",
            f"--batch-size {size}" if size else f"--memory-mb {config['encode_memory_mb']}",
        ]
    )


def verbatim(value):
    """Return a function for a parameter that holds text of the user's, in which braces are no wildcards."""
    return lambda wildcards: value


def as_json(section):
    """Return a section of the configuration as one line, for a command-line argument."""
    return json.dumps(section, ensure_ascii=True)


def label(kind, name):
    """Return the label of a dataset or model."""
    return config[kind][name].get("label", name)


def is_acquired(dataset):
    """Tell whether a dataset's images have to be fetched from URLs."""
    entry = config["datasets"][dataset]
    return entry["kind"] == "tsv" or (
        entry["kind"] == "webdataset" and entry["path"].lower().startswith(("http://", "https://"))
    )


def acquisition_table(wildcards):
    """Return what became of a dataset's URLs; nothing where there are none."""
    return collect("results/{dataset}/acquisition.csv", dataset=filter(is_acquired, [wildcards.dataset]))


def downloads(wildcards):
    """Return the folder of what was fetched for a dataset."""
    return f"results/{wildcards.dataset}/downloads"


def pinned_images(wildcards):
    """Return the table of a pinned dataset's images; nothing where it is not pinned."""
    pin = config["datasets"][wildcards.dataset]["pin"]
    return [pin] if pin else []


def number_of_images(wildcards):
    """Return the argument that limits the number of images; empty where all are taken."""
    number = config["datasets"][wildcards.dataset]["n_images"]
    return f"--n-images {number}" if number else ""


def final_targets():
    """Return the files that a complete run leaves behind: the paper, and every table and figure of every model."""
    tables = ["exclusions", "summary", "pairwise_distance", "paired_differences", "friedman", "mean_ranks", "claims"]
    every_model = collect(
        "results/{dataset}/{model}/{result}",
        dataset=DATASETS,
        model=MODELS,
        result=[f"{table}.csv" for table in tables] + [f"figures/{figure}.pdf" for figure in PAPER_FIGURES],
    )
    acquired = collect("results/{dataset}/acquisition_summary.csv", dataset=filter(is_acquired, DATASETS))
    precision = collect("results/{dataset}/{model}/precision.csv", dataset=DATASETS, model=REDUCED)
    comparison = ["results/comparison.csv", "results/figures/model_comparison.pdf"]
    return ["results/paper.pdf", *every_model, *study_targets(), *precision, *comparison, *acquired]
