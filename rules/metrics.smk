"""Measure what each augmentation did, to the pixels and to the representation.

input:   views, embeddings and attention of the original and of every augmentation
output:  results/{dataset}/{model}/metrics.parquet, exclusions.csv, summary.csv, pairwise_distance.csv
steps:   metrics per augmentation and shard → long table per model → summary; distances
"""

# More would wait for each other.
SUMMARY_THREADS = 4


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
        command("--originals {input.originals:q} --views {input.views:q} --output {output:q}")


rule compute_representation_metrics:
    input:
        original="results/{dataset}/{model}/encoded/original/{shard}.npz",
        augmented="results/{dataset}/{model}/encoded/{augmentation}/{shard}.npz",
        views="results/{dataset}/views/{augmentation}/{shard}.tar",
        checksum="results/{dataset}/views/{augmentation}/{shard}.tar.sha256",
        code=code("compute_representation_metrics"),
    output:
        "results/{dataset}/{model}/representation_metrics/{augmentation}/{shard}.npz",
    log:
        "logs/{dataset}/{model}/compute_representation_metrics/{augmentation}/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/{model}/compute_representation_metrics/{augmentation}/{shard}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=4, of=("original", "augmented")),
        runtime=minutes(per_view=0.05),
    message:
        "Measuring the shift of {wildcards.model} on {wildcards.dataset}, shard {wildcards.shard}: {wildcards.augmentation}."
    shell:
        command(
            "--original {input.original:q} --augmented {input.augmented:q} --views {input.views:q} --output {output:q}"
        )


rule compute_metrics:
    input:
        pixel_metrics=collect(
            "results/{{dataset}}/pixel_metrics/{augmentation}/{shard}.npz",
            augmentation=AUGMENTATIONS,
            shard=SHARDS,
        ),
        representation_metrics=collect(
            "results/{{dataset}}/{{model}}/representation_metrics/{augmentation}/{shard}.npz",
            augmentation=AUGMENTATIONS,
            shard=SHARDS,
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
        mem_mb=memory(per_mb=1),
        runtime=allowance(60),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Joining the metrics of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--augmentations {params.augmentations} --pixel-metrics {input.pixel_metrics:q}"
            " --representation-metrics {input.representation_metrics:q}"
            " --output {output.metrics:q} --exclusions {output.exclusions:q}"
        )


rule summarise_metrics:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        code=code("summarise_metrics"),
    output:
        report("results/{dataset}/{model}/summary.csv", **table_report("summary", "Summary of all metrics")),
    log:
        "logs/{dataset}/{model}/summarise_metrics.log",
    benchmark:
        "benchmarks/{dataset}/{model}/summarise_metrics.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: SUMMARY_THREADS
    resources:
        mem_mb=memory(per_mb=20),
        runtime=allowance(60),
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Summarising the metrics of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("--metrics {input.metrics:q} {params.bootstrap} --threads {threads} --output {output:q}")


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
