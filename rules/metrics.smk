"""Measure what each augmentation did, to the pixels and to the representation.

input:   views, embeddings and attention of the original and of every augmentation
output:  results/{dataset}/{model}/metrics.parquet, exclusions.csv, summary.csv, pairwise_distance.csv
steps:   metrics per shard, or as many shards as are encoded at a time → long table per model → summary; distances
state:   results/store/ keeps the pixel metrics of every view (config: `store`), so that no view is measured twice
"""

PIXEL_STORE = ["--store", f"{config['store']}/pixel_metrics"] if config["store"] else []


rule compute_pixel_metrics:
    input:
        **stored(originals="results/{dataset}/views/original/{shard}.tar"),
        **stored(views=every("results/{dataset}/views/{augmentation}/{shard}.tar", "augmentation")),
        code=code("compute_pixel_metrics"),
    output:
        every("results/{dataset}/pixel_metrics/{augmentation}/{shard}.npz", "augmentation"),
    conda:
        "../envs/images.yaml"
    threads: pixel_threads
    resources:
        **memory_and_runtime(pixel_memory, minutes(per_view=0.05)),
    params:
        augmentations=AUGMENTATIONS,
        store=PIXEL_STORE,
    message:
        "Measuring the pixels of {wildcards.dataset}, shard {wildcards.shard}."
    shell:
        command("input.originals,views,code params.augmentations,store threads output")


rule compute_representation_metrics:
    input:
        original="results/{dataset}/{model}/encoded/original/{part}.npz",
        augmented=every("results/{dataset}/{model}/encoded/{augmentation}/{part}.npz", "augmentation"),
        code=code("compute_representation_metrics"),
    output:
        every("results/{dataset}/{model}/representation_metrics/{augmentation}/{part}.npz", "augmentation"),
    conda:
        "../envs/images.yaml"
    threads: measuring_threads
    resources:
        **memory_and_runtime(measuring_memory, minutes(per_view=0.05)),
    message:
        "Measuring the shift of {wildcards.model} on {wildcards.dataset}, from shard {wildcards.part}."
    shell:
        command("input.original,augmented threads output")


rule compute_metrics:
    input:
        pixel_metrics=every("results/{dataset}/pixel_metrics/{augmentation}/{shard}.npz", "augmentation", "shard"),
        representation_metrics=every(
            "results/{dataset}/{model}/representation_metrics/{augmentation}/{part}.npz", "augmentation", "part"
        ),
        code=code("compute_metrics"),
    output:
        **stored(output="results/{dataset}/{model}/metrics.parquet"),
        exclusions="results/{dataset}/{model}/exclusions.csv",
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=1), allowance(60)),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Joining the metrics of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("params.augmentations input.pixel_metrics,representation_metrics output.output,exclusions")


rule summarise_metrics:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        code=code("summarise_metrics"),
    output:
        report("results/{dataset}/{model}/summary.csv", **table_report("summary", "Summary of all metrics")),
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.5), allowance(60)),
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Summarising the metrics of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("input.metrics params.bootstrap output")


rule compute_pairwise_distance:
    input:
        embeddings=every("results/{dataset}/{model}/embeddings/{augmentation}.npz", "augmentation"),
        code=code("compute_pairwise_distance"),
    output:
        "results/{dataset}/{model}/pairwise_distance.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.1), allowance(60)),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Measuring the distances between augmentations for {wildcards.model} on {wildcards.dataset}."
    shell:
        command("params.augmentations input.embeddings output")
