"""Write the explorer, a page on which one looks at single images.

input:   the tables, views, embeddings and attention of every dataset and encoder, report/explorer/
output:  results/explorer.html
"""


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
