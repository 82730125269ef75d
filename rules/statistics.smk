"""Test the augmentations against each other, and the claims of the original paper; find notable images.

input:   results/{dataset}/{model}/metrics.parquet, embeddings and attention, paper/claims.yaml
output:  results/{dataset}/{model}/paired_differences.csv, friedman.csv, mean_ranks.csv, claims.csv, notable_images.csv
"""


rule compare_augmentations:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        code=code("compare_augmentations"),
    output:
        paired_differences="results/{dataset}/{model}/paired_differences.csv",
        friedman="results/{dataset}/{model}/friedman.csv",
        mean_ranks="results/{dataset}/{model}/mean_ranks.csv",
    log:
        "logs/{dataset}/{model}/compare_augmentations.log",
    benchmark:
        "benchmarks/{dataset}/{model}/compare_augmentations.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=60),
        runtime=allowance(120),
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Comparing the augmentations of {wildcards.dataset} for {wildcards.model}."
    shell:
        command(
            "--metrics {input.metrics:q} {params.bootstrap}"
            " --paired-differences {output.paired_differences:q} --friedman {output.friedman:q}"
            " --mean-ranks {output.mean_ranks:q}"
        )


rule find_notable_images:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        original_attention="results/{dataset}/{model}/attention/original.npz",
        attention=collect("results/{{dataset}}/{{model}}/attention/{augmentation}.npz", augmentation=AUGMENTATIONS),
        code=code("find_notable_images"),
    output:
        "results/{dataset}/{model}/notable_images.csv",
    log:
        "logs/{dataset}/{model}/find_notable_images.log",
    benchmark:
        "benchmarks/{dataset}/{model}/find_notable_images.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=20, of=("metrics", "original_attention")),
        runtime=allowance(60),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Finding the typical and the worst images of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--metrics {input.metrics:q} --augmentations {params.augmentations}"
            " --original-attention {input.original_attention:q} --attention {input.attention:q} --output {output:q}"
        )


rule judge_claims:
    input:
        published_claims=project_file("paper/claims.yaml"),
        metrics="results/{dataset}/{model}/metrics.parquet",
        embeddings=collect("results/{{dataset}}/{{model}}/embeddings/{augmentation}.npz", augmentation=AUGMENTATIONS),
        code=code("judge_claims"),
    output:
        report("results/{dataset}/{model}/claims.csv", **table_report("claims", "Claims of the original paper")),
    log:
        "logs/{dataset}/{model}/judge_claims.log",
    benchmark:
        "benchmarks/{dataset}/{model}/judge_claims.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=6),
        runtime=allowance(120),
    params:
        augmentations=AUGMENTATIONS,
        bootstrap=BOOTSTRAP,
    message:
        "Judging the original paper's claims by {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--published-claims {input.published_claims:q} --metrics {input.metrics:q}"
            " --augmentations {params.augmentations} --embeddings {input.embeddings:q}"
            " {params.bootstrap}"
            " --output {output:q}"
        )
