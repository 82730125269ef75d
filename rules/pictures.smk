"""Draw the figures that show the pictures themselves.

input:   results/{dataset}/manifest.csv, results/augmentations.csv, the views and the attention of every image,
         results/{dataset}/{model}/metrics.parquet
output:  results/{dataset}/{model}/figures/{name}.pdf and .png for augmentation_strip, attention_samples and
         attention_grid_{page}
"""

ATTENTION_GRID_PAGES = range(1, config["figures"]["attention_grid_pages"] + 1)
PICTURES = [
    "augmentation_strip",
    "attention_samples",
    *(f"attention_grid_{page}" for page in ATTENTION_GRID_PAGES),
]
# Which shards hold the few images that are shown, their ids decide; only those shards are opened.
PICTURE_INPUTS = dict(
    manifest="results/{dataset}/manifest.csv",
    augmentations="results/augmentations.csv",
    views=collect("results/{{dataset}}/views/{view}/{shard}.tar", view=VIEWS, shard=SHARDS),
    checksums=collect("results/{{dataset}}/views/{view}/{shard}.tar.sha256", view=VIEWS, shard=SHARDS),
)


rule plot_augmentation_strip:
    input:
        **PICTURE_INPUTS,
        code=code("plot_augmentation_strip"),
    output:
        pdf="results/{dataset}/{model}/figures/augmentation_strip.pdf",
        png=report(
            "results/{dataset}/{model}/figures/augmentation_strip.png",
            caption="../report/augmentation_strip.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "One image and its augmented views"},
        ),
    log:
        "logs/{dataset}/{model}/plot_augmentation_strip.log",
    conda:
        "../envs/analysis.yaml"
    params:
        shards=config["shards"],
        image=f"--image={config['figures']['strip_image']}" if config["figures"]["strip_image"] else [],
    message:
        "Drawing an image of {wildcards.dataset} and its views."
    shell:
        command(
            "--manifest {input.manifest:q} --augmentations {input.augmentations:q}"
            " --views-folder results/{wildcards.dataset}/views --shards {params.shards} {params.image:q}"
            " --pdf {output.pdf:q} --png {output.png:q}"
        )


rule plot_attention_samples:
    input:
        **PICTURE_INPUTS,
        attention=collect("results/{{dataset}}/{{model}}/attention/{view}.npz", view=VIEWS),
        metrics="results/{dataset}/{model}/metrics.parquet",
        code=code("plot_attention_samples"),
    output:
        pdf="results/{dataset}/{model}/figures/attention_samples.pdf",
        png=report(
            "results/{dataset}/{model}/figures/attention_samples.png",
            caption="../report/attention_samples.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Attention over the views"},
        ),
    log:
        "logs/{dataset}/{model}/plot_attention_samples.log",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=1),
    params:
        shards=config["shards"],
        images=config["figures"]["attention_samples"],
    message:
        "Drawing where {wildcards.model} looks in a few images of {wildcards.dataset}."
    shell:
        command(
            "--manifest {input.manifest:q} --augmentations {input.augmentations:q}"
            " --views-folder results/{wildcards.dataset}/views --shards {params.shards}"
            " --attention-folder results/{wildcards.dataset}/{wildcards.model}/attention --metrics {input.metrics:q}"
            " --images {params.images} --pdf {output.pdf:q} --png {output.png:q}"
        )


rule plot_attention_grid:
    input:
        **PICTURE_INPUTS,
        attention=collect("results/{{dataset}}/{{model}}/attention/{view}.npz", view=VIEWS),
        code=code("plot_attention_grid"),
    output:
        pdf="results/{dataset}/{model}/figures/attention_grid_{page}.pdf",
        png=report(
            "results/{dataset}/{model}/figures/attention_grid_{page}.png",
            caption="../report/attention_grid.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Views and attention, page {page}"},
        ),
    log:
        "logs/{dataset}/{model}/plot_attention_grid_{page}.log",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=1),
    params:
        shards=config["shards"],
        pages=config["figures"]["attention_grid_pages"],
    message:
        "Drawing page {wildcards.page} of the views of {wildcards.dataset} and where {wildcards.model} looks in them."
    shell:
        command(
            "--manifest {input.manifest:q} --augmentations {input.augmentations:q}"
            " --views-folder results/{wildcards.dataset}/views --shards {params.shards}"
            " --attention-folder results/{wildcards.dataset}/{wildcards.model}/attention"
            " --page {wildcards.page} --pages {params.pages} --pdf {output.pdf:q} --png {output.png:q}"
        )
