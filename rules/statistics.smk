"""Test the augmentations against each other, and the claims of the original paper; find notable images.

input:   results/{dataset}/{model}/metrics.parquet, embeddings and attention, paper/claims.yaml
output:  results/{dataset}/{model}/paired_differences.csv, friedman.csv, mean_ranks.csv, claims.csv, notable_images.csv
"""


rule compare_augmentations:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        code=code("compare_augmentations"),
    output:
        **tables("paired_differences", "friedman", "mean_ranks"),
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.5), allowance(120)),
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Comparing the augmentations of {wildcards.dataset} for {wildcards.model}."
    shell:
        command("input.metrics params.bootstrap output.paired_differences,friedman,mean_ranks")


rule find_notable_images:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        original_attention="results/{dataset}/{model}/attention/original.npz",
        attention=every("results/{dataset}/{model}/attention/{augmentation}.npz", "augmentation"),
        code=code("find_notable_images"),
    output:
        "results/{dataset}/{model}/notable_images.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.25, of=("metrics", "original_attention")), allowance(60)),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Finding the typical and the worst images of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("input.metrics params.augmentations input.original_attention,attention output")


rule judge_claims:
    input:
        published_claims=project_file("paper/claims.yaml"),
        metrics="results/{dataset}/{model}/metrics.parquet",
        embeddings=every("results/{dataset}/{model}/embeddings/{augmentation}.npz", "augmentation"),
        code=code("judge_claims"),
    output:
        report("results/{dataset}/{model}/claims.csv", **table_report("claims", "Claims of the original paper")),
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.1), allowance(120)),
    params:
        augmentations=AUGMENTATIONS,
        bootstrap=BOOTSTRAP,
    message:
        "Judging the original paper's claims by {wildcards.model} on {wildcards.dataset}."
    shell:
        command("input.published_claims,metrics,embeddings params.augmentations,bootstrap output")
