"""Names of the tables of the attack (config: adversarial), which is off if it has no images."""

ADVERSARIAL = config["adversarial"]["images"] > 0
ADVERSARIAL_TABLES = ["adversarial", "exchange_rate"]
# The scores of the mechanism need what encoding captures under attack.
DETECTION_TABLES = ["detection", *["detection_layers"] * MECHANISM]
ATTACKED_VIEWS = "results/{dataset}/{model}/adversarial/views.tar"
ATTACKED_CAPTURE = "results/{dataset}/{model}/adversarial/captured.npz"
# The views that are captured, as `variant` in scripts/embedding_shift/adversarial/attacked_views.py names them.
ATTACK_VARIANTS = [f"attack-{epsilon:03d}" for epsilon in config["adversarial"]["epsilons"]]


def attack_memory(wildcards, input, attempt):
    """Return `mem_mb` of an attack: the weights, and for every image the output of each layer."""
    weights_mb = size_mb(input, "weights")
    per_image_mb = 2 * ENCODING_THREAD_MB + 3 * weights_mb
    return grown(STARTUP_MB + 2 * weights_mb + per_image_mb * encoding_threads(wildcards), attempt)


def attack_minutes(wildcards, input, attempt):
    """Return `runtime` of an attack; a step takes as long as encoding three views."""
    settings = config["adversarial"]
    views = 3 * settings["images"] * len(settings["epsilons"]) * (settings["steps"] + 1)
    seconds_per_view = size_mb(input, "weights") / 300 / encoding_threads(wildcards)
    return grown(STARTUP_MINUTES + views * seconds_per_view / 60, attempt)


def attacks_measured_by_others(wildcards):
    """Return what the other encoders of the run return for the originals and for the views that attack one encoder."""
    others = [model for model in MODELS if model != wildcards.model] if wildcards.dataset == DATASETS[0] else []
    paths = {"originals": "embeddings/original.npz", "transferred": f"adversarial/encoded/{wildcards.model}.npz"}
    return {name: [f"results/{DATASETS[0]}/{other}/{path}" for other in others] for name, path in paths.items()}


def adversarial_targets():
    """Return the tables and figures of the attack on every dataset and model, and of the run."""
    results = [f"{table}.csv" for table in (*ADVERSARIAL_TABLES, *DETECTION_TABLES, "attack_claims")]
    results += [f"figures/{name}.pdf" for name in figure_names("adversarial")]
    found = collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=results)
    compared = ["results/transfer.csv", "results/figures/attack_transfer.pdf"] if len(MODELS) > 1 else []
    return [*found, *compared] if ADVERSARIAL else []
