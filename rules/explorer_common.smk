"""The files that the explorer reads."""


def explorer_files():
    """Return the files of the run that the explorer reads."""
    views = collect("results/{dataset}/views/{view}/{shard}.tar", dataset=DATASETS, view=VIEWS, shard=SHARDS)
    study_views = collect(
        "results/{dataset}/study/views/{augmentation}.tar", dataset=DATASETS, augmentation=AUGMENTATIONS
    )
    of_study = ["study/metrics.parquet"] if STUDY else []
    captured = collect("captured/{view}/{part}.npz", view=VIEWS, part=PARTS)
    of_mechanism = ["layers.csv", *captured] if MECHANISM else []
    arrays = collect("{array}/{view}.npz", array=["embeddings", "attention"], view=VIEWS)
    results = ["metrics.parquet", "summary.csv", "claims.csv", *arrays, *of_study, *of_mechanism]
    return [
        "results/augmentations.csv",
        *collect("results/{dataset}/manifest.csv", dataset=DATASETS),
        *collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=results),
        *views,
        *(study_views if STUDY else []),
        *(collect("results/models/{model}/tower.npz", model=MODELS) if MECHANISM else []),
    ]


EXPLORER_FILES = explorer_files()
EXPLORER_INPUTS = {
    "files": EXPLORER_FILES,
    "files_checksum": [f"{path}.sha256" for path in EXPLORER_FILES if Path(path).suffix in {".tar", ".parquet"}],
    "published_claims": project_file("paper/claims.yaml"),
    "assets": sorted(project_file(path.relative_to(PROJECT)) for path in (PROJECT / "report/explorer").iterdir()),
}
