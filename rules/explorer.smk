"""Write the explorer, a page on which one looks at single images.

input:   the tables, views, embeddings and attention of every dataset and encoder, report/explorer/
output:  results/explorer.html
"""

EXPLORER_ASSETS = sorted(project_file(path.relative_to(PROJECT)) for path in (PROJECT / "report/explorer").iterdir())


def explorer_files():
    """Return the files of the run that the explorer reads."""
    views = collect("results/{dataset}/views/{view}/{shard}.tar", dataset=DATASETS, view=VIEWS, shard=SHARDS)
    study_views = collect(
        "results/{dataset}/study/views/{augmentation}.tar", dataset=DATASETS, augmentation=AUGMENTATIONS
    )
    of_study = ["study/metrics.parquet"] if STUDY else []
    captured = collect("captured/{view}/{shard}.npz", view=VIEWS, shard=SHARDS)
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


rule write_explorer:
    input:
        files=EXPLORER_FILES,
        checksums=[f"{path}.sha256" for path in EXPLORER_FILES if Path(path).suffix in {".tar", ".parquet"}],
        published_claims=project_file("paper/claims.yaml"),
        assets=EXPLORER_ASSETS,
        code=code("write_explorer"),
    output:
        "results/explorer.html",
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=0.2),
        runtime=minutes(per_view=0.02),
    params:
        **settings("neighbours", section=config["mechanism"]),
        root=lambda wildcards, output: Path(output[0]).parent,
        datasets=verbatim(as_json({name: label("datasets", name) for name in DATASETS})),
        models=verbatim(as_json({name: label("models", name) for name in MODELS})),
    message:
        "Writing the page to look at single images, {output}."
    shell:
        command(
            "params.root input.files params.datasets,models input.published_claims params.neighbours input.assets output"
        )
