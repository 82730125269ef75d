"""What rules/figures.smk, the paper and the targets need to know of the figures: names, inputs, options, resources."""

from importlib.util import find_spec

from embedding_shift.plots.figures import FIGURES, NOT_IN_REPORT, command_line, pages_of_notable_images

# Number of pages of the figures that have pages.
FIGURE_PAGES = {
    "attention_grid": config["figures"]["attention_grid_pages"],
    "notable_images": pages_of_notable_images(len(AUGMENTATIONS)),
}
# Inputs that are not a CSV of the dataset and encoder. Of a folder, the files in it are the inputs. A job opens only
# the shards that hold a shown image, but the ids of the images decide which.
FIGURE_INPUTS = {
    "attention_folder": collect("results/{{dataset}}/{{model}}/attention/{view}.npz", view=VIEWS),
    "attacked_views": ATTACKED_VIEWS,
    "augmentations": "results/augmentations.csv",
    "comparison": "results/comparison.csv",
    "damage_forecast": "results/damage_forecast.csv",
    "dose_damage": "results/dose_damage.csv",
    "manifest": "results/{dataset}/manifest.csv",
    "metrics": "results/{dataset}/{model}/metrics.parquet",
    "rank_agreement": "results/rank_agreement.csv",
    "text_damage": "results/text_damage.csv",
    "text_maps": "results/{dataset}/{model}/text_maps.npz",
    "transfer": "results/transfer.csv",
    "views_folder": collect(
        "results/{{dataset}}/views/{view}/{shard}.{suffix}", view=VIEWS, shard=SHARDS, suffix=["tar", "tar.sha256"]
    ),
}
FIGURE_FORMATS = list(dict.fromkeys(["pdf", *config["figures"]["formats"]]))  # the paper includes the PDF
FIGURE_FOLDERS = {"attention_folder": 0, "views_folder": 1}  # number of folders between the folder and its files
FIGURE_OPTIONS = {
    "confidence": config["bootstrap"]["confidence"],
    "image": config["figures"]["strip_image"],
    "images": config["figures"]["attention_samples"],
    "labels": [label("models", model) for model in MODELS],
    "models": MODELS,
    "samples": config["figures"]["cosine_samples"],
    "settings": dose_settings(),
    "shards": len(SHARDS),
}


# Snakemake's own environment may lack Matplotlib; then the first figure reports a font that is not installed.
if config["figures"]["font"] != "DejaVu Sans" and find_spec("matplotlib"):
    from embedding_shift.plots import fonts

    try:
        fonts.check(config["figures"]["font"])
    except InputError as error:
        sys.exit(f"error: {error}")


def figure_file(name):
    """Return the file name of a figure without suffix, with a wildcard where the figure has pages."""
    return f"{name}_{{page}}" if "page" in FIGURES[name].options else name


def figure_names(scope):
    """Return the file names, without suffix, of all figures with a scope."""
    return [
        file
        for name, figure in FIGURES.items()
        if figure.scope == scope
        for file in collect(figure_file(name), page=range(1, FIGURE_PAGES.get(name, 1) + 1))
    ]


def figure_path(name, pattern):
    """Return a path that belongs to a figure, with wildcards.

    `pattern` holds {place} for the folder of the dataset and encoder, if the figure has one, and {file}.
    """
    place = "" if FIGURES[name].scope == "run" else "{dataset}/{model}/"
    return pattern.format(place=place, file=figure_file(name))


def figure_report(name, title, **labels):
    """Return the place of a figure in the report, as arguments of `report`; `labels` replace the usual ones."""
    labels = {"dataset": "{dataset}", "model": "{model}", "figure": title} | labels
    return {"caption": f"../report/{name}.rst", "category": "Figures", "labels": labels}


def in_formats(path, **place):
    """Return the files of a figure by format. One of them is an entry of the report, at `place` if that is given."""
    paths = {form: f"{path}.{form}" for form in FIGURE_FORMATS}
    shown = next(form for form in ("png", "svg", "pdf") if form in paths)
    return paths | ({shown: report(paths[shown], **place)} if place else {})


def figure_outputs(name):
    """Return the files of a figure of the table by format."""
    figure = FIGURES[name]
    title = f"{figure.title}, page {{page}}" if "page" in figure.options else figure.title
    labels = {"dataset": DATASETS[0], "model": "all"} if figure.scope == "run" else {}
    place = {} if name in NOT_IN_REPORT else figure_report(name, title, **labels)
    return in_formats(figure_path(name, "results/{place}figures/{file}"), **place)


def figure_inputs(figure):
    """Return the paths of a figure's inputs, with wildcards."""
    return {key: FIGURE_INPUTS.get(key, f"results/{{dataset}}/{{model}}/{key}.csv") for key in figure.inputs}


def figure_arguments(name):
    """Return a function that lists the arguments of scripts/plot.py for a figure, but for its outputs."""

    def arguments(wildcards, input):
        paths = {key: input[key] for key in FIGURES[name].inputs}
        folders = {key: Path(paths[key][0]).parents[depth] for key, depth in FIGURE_FOLDERS.items() if key in paths}
        pages = {"pages": FIGURE_PAGES.get(name)}
        return command_line(name, FIGURE_OPTIONS | pages | dict(wildcards.items()) | paths | folders)

    return arguments


def figure_style():
    """Return a function that lists the arguments of scripts/plot.py for the size and the text of all figures."""
    keys = {"width": "--width", "font": "--font", "font_size": "--font-size"}
    return verbatim([f"{option}={config['figures'][key]}" for key, option in keys.items()])


def paper_figures(formats):
    """Return the files of the paper's figures in some formats."""
    paths = [f"{PAPER_RESULTS}/figures/{name}" for name in PAPER_FIGURES]
    paths += ["results/figures/model_comparison"] if len(MODELS) > 1 else []
    paths += ["results/figures/damage"] if DAMAGE else []
    paths += ["results/figures/attack_transfer"] if ADVERSARIAL and len(MODELS) > 1 else []
    return [f"{path}.{form}" for path in paths for form in formats]


def figure_resources(figure):
    """Return the resources of a figure that reads a metric of all images."""
    return memory_and_runtime(memory(per_mb=0.5, of=["metrics"]), allowance(60)) if "metrics" in figure.inputs else {}
