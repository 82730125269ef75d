"""Write the explorer, a page on which one looks at single images.

input:   the tables, views, embeddings and attention of every dataset and encoder, report/explorer/
output:  results/explorer.html
"""


rule write_explorer:
    input:
        **EXPLORER_INPUTS,
        code=code("write_explorer"),
    output:
        "results/explorer.html",
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.2), minutes(per_view=0.02)),
    params:
        **settings("mechanism.neighbours"),
        root=lambda wildcards, output: Path(output[0]).parent,
        datasets=verbatim(as_json({name: label("datasets", name) for name in DATASETS})),
        models=verbatim(as_json({name: label("models", name) for name in MODELS})),
    message:
        "Writing the page to look at single images, {output}."
    shell:
        command("params.root,datasets,models,neighbours output", input=EXPLORER_INPUTS)
