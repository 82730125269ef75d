"""What texts tell about shifts (config: words): whether the run has it, and the names of its tables.

The shift in words is off if no prompts are given, the names of the encoder's parts if no phrases are, and the damage to
captions and classes is a switch. An encoder without a text tower or classifier gets tables without rows.
"""

WORDS = config["words"]["prompts"] is not None
WORDS_TABLES = ["words", "word_claims"]
DAMAGE = config["words"]["damage"]
# Words also name parts of the encoder, if there are phrases and the run looks inside.
NAMED_PARTS = config["words"]["phrases"] is not None and MECHANISM
NAMED_TABLES = ["head_words", "named_heads", "concept_words", "text_maps"]
DAMAGE_TABLES = ["text_damage", "damage_forecast", "dose_damage"]
TEXT_SOURCES = {
    "phrases": config["words"]["phrases"],
    "prompts": config["words"]["prompts"],
    "captions": "results/{dataset}/manifest.csv",
    "classes": config["words"]["classes"] or "results/models/{model}/open_clip_config.json",
}


def words_targets():
    """Return the tables and figures of every dataset and model, and of the run."""
    results = [f"{table}.csv" for table in WORDS_TABLES]
    results += [f"figures/{figure}.pdf" for figure in figure_names("words")]
    found = collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=results)
    named = [f"{table}.csv" for table in NAMED_TABLES] + [f"figures/{name}.pdf" for name in figure_names("named parts")]
    parts = collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=named)
    damage = collect("results/{dataset}/{model}/{table}.csv", dataset=DATASETS, model=MODELS, table=DAMAGE_TABLES)
    damage += ["results/figures/damage.pdf"]
    return (found if WORDS else []) + (parts if NAMED_PARTS else []) + (damage if DAMAGE else [])


def text_source(wildcards):
    """Return the file that holds a set of texts; the script reports a missing file."""
    path = TEXT_SOURCES[wildcards.texts].format(**wildcards)
    return without_braces([path] if Path(path).is_file() or path.startswith("results/") else [])
