"""Measure what each augmentation did, to the pixels and to the representation.

input:   views, embeddings and attention of the original and of every augmentation
output:  results/{dataset}/{model}/metrics.parquet, exclusions.csv, summary.csv, pairwise_distance.csv
steps:   pixel metrics per augmentation and shard → long table per model → summary; distances
"""


rule compute_pixel_metrics:
    input:
        originals="results/{dataset}/views/original/{shard}.tar",
        originals_checksum="results/{dataset}/views/original/{shard}.tar.sha256",
        views="results/{dataset}/views/{augmentation}/{shard}.tar",
        views_checksum="results/{dataset}/views/{augmentation}/{shard}.tar.sha256",
        code=code("compute_pixel_metrics"),
    output:
        "results/{dataset}/pixel_metrics/{augmentation}/{shard}.npz",
    log:
        "logs/{dataset}/compute_pixel_metrics/{augmentation}/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/compute_pixel_metrics/{augmentation}/{shard}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(),
        runtime=minutes(per_view=0.05),
    message:
        "Measuring the pixels of {wildcards.dataset}, shard {wildcards.shard}: {wildcards.augmentation}."
    shell:
        command(
            "--originals {input.originals:q} --views {input.views:q}"
            " --augmentation {wildcards.augmentation} --output {output:q}"
        )


rule compute_registered_attention:
    input:
        original_attention="results/{dataset}/{model}/attention/original.npz",
        attention="results/{dataset}/{model}/attention/{augmentation}.npz",
        views=collect("results/{{dataset}}/views/{{augmentation}}/{shard}.tar", shard=SHARDS),
        checksums=collect("results/{{dataset}}/views/{{augmentation}}/{shard}.tar.sha256", shard=SHARDS),
        code=code("compute_registered_attention"),
    output:
        "results/{dataset}/{model}/registered_attention/{augmentation}.npz",
    log:
        "logs/{dataset}/{model}/compute_registered_attention/{augmentation}.log",
    benchmark:
        "benchmarks/{dataset}/{model}/compute_registered_attention/{augmentation}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=4, of=("original_attention", "attention")),
        runtime=allowance(60),
    message:
        "Comparing the attention of {wildcards.model} on {wildcards.dataset} part by part: {wildcards.augmentation}."
    shell:
        command(
            "--original-attention {input.original_attention:q} --attention {input.attention:q}"
            " --views {input.views:q} --augmentation {wildcards.augmentation} --output {output:q}"
        )


rule compute_metrics:
    input:
        original_embeddings="results/{dataset}/{model}/embeddings/original.npz",
        original_attention="results/{dataset}/{model}/attention/original.npz",
        embeddings=collect("results/{{dataset}}/{{model}}/embeddings/{augmentation}.npz", augmentation=AUGMENTATIONS),
        attention=collect("results/{{dataset}}/{{model}}/attention/{augmentation}.npz", augmentation=AUGMENTATIONS),
        pixel_metrics=collect(
            "results/{{dataset}}/pixel_metrics/{augmentation}/{shard}.npz",
            augmentation=AUGMENTATIONS,
            shard=SHARDS,
        ),
        registered_attention=collect(
            "results/{{dataset}}/{{model}}/registered_attention/{augmentation}.npz", augmentation=AUGMENTATIONS
        ),
        code=code("compute_metrics"),
    output:
        metrics="results/{dataset}/{model}/metrics.parquet",
        checksum="results/{dataset}/{model}/metrics.parquet.sha256",
        exclusions="results/{dataset}/{model}/exclusions.csv",
    log:
        "logs/{dataset}/{model}/compute_metrics.log",
    benchmark:
        "benchmarks/{dataset}/{model}/compute_metrics.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=4),
        runtime=allowance(60),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Measuring the shift of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--augmentations {params.augmentations}"
            " --original-embeddings {input.original_embeddings:q} --original-attention {input.original_attention:q}"
            " --embeddings {input.embeddings:q} --attention {input.attention:q}"
            " --parts {input.pixel_metrics:q} {input.registered_attention:q}"
            " --output {output.metrics:q} --exclusions {output.exclusions:q}"
        )


rule summarise_metrics:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        code=code("summarise_metrics"),
    output:
        "results/{dataset}/{model}/summary.csv",
    log:
        "logs/{dataset}/{model}/summarise_metrics.log",
    benchmark:
        "benchmarks/{dataset}/{model}/summarise_metrics.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=20),
        runtime=allowance(60),
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Summarising the metrics of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("--metrics {input.metrics:q} {params.bootstrap} --output {output:q}")


rule compute_pairwise_distance:
    input:
        embeddings=collect("results/{{dataset}}/{{model}}/embeddings/{augmentation}.npz", augmentation=AUGMENTATIONS),
        code=code("compute_pairwise_distance"),
    output:
        "results/{dataset}/{model}/pairwise_distance.csv",
    log:
        "logs/{dataset}/{model}/compute_pairwise_distance.log",
    benchmark:
        "benchmarks/{dataset}/{model}/compute_pairwise_distance.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=4),
        runtime=allowance(60),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Measuring the distances between augmentations for {wildcards.model} on {wildcards.dataset}."
    shell:
        command("--augmentations {params.augmentations}" " --embeddings {input.embeddings:q} --output {output:q}")
