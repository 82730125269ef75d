"""What texts tell about shifts (config: words): whether the run has it, and the names of its tables.

It is off if no prompts are given. An encoder without a text tower gets tables without rows.
"""

WORDS = config["words"]["prompts"] is not None
WORDS_TABLES = ["words", "word_claims"]
TEXT_SOURCES = {"prompts": config["words"]["prompts"], "captions": "results/{dataset}/manifest.csv"}


def words_targets():
    """Return the tables and figures of every dataset and model."""
    results = [f"{table}.csv" for table in WORDS_TABLES]
    results += [f"figures/{figure}.pdf" for figure in figure_names("words")]
    found = collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=results)
    return found if WORDS else []


def text_source(wildcards):
    """Return the file that holds a set of texts; the script reports a missing file."""
    path = TEXT_SOURCES[wildcards.texts].format(dataset=wildcards.dataset)
    return without_braces([path] if Path(path).is_file() or path.startswith("results/") else [])
