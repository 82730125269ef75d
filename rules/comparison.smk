"""Compare the encoders of the run, on its first dataset.

input:   results/{dataset}/{model}/summary.csv and metrics.parquet of every model
output:  results/comparison.csv, results/rank_agreement.csv, results/figures/model_comparison.pdf and .png
steps:   compare → draw
"""


rule compare_models:
    input:
        summaries=collect("results/{dataset}/{model}/summary.csv", dataset=DATASETS[0], model=MODELS),
        metrics=collect("results/{dataset}/{model}/metrics.parquet", dataset=DATASETS[0], model=MODELS),
        code=code("compare_models"),
    output:
        comparison="results/comparison.csv",
        rank_agreement="results/rank_agreement.csv",
    log:
        "logs/compare_models.log",
    benchmark:
        "benchmarks/compare_models.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=60),
        runtime=allowance(120),
    params:
        models=MODELS,
        bootstrap=BOOTSTRAP,
    message:
        "Comparing the encoders."
    shell:
        command(
            "--models {params.models:q} --summaries {input.summaries:q}"
            " --metrics {input.metrics:q} {params.bootstrap} --comparison {output.comparison:q}"
            " --rank-agreement {output.rank_agreement:q}"
        )


rule plot_model_comparison:
    input:
        comparison="results/comparison.csv",
        rank_agreement="results/rank_agreement.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_model_comparison"),
    output:
        pdf="results/figures/model_comparison.pdf",
        png=report(
            "results/figures/model_comparison.png",
            caption="../report/model_comparison.rst",
            category="Figures",
            labels={"dataset": DATASETS[0], "model": "all", "figure": "Encoders side by side"},
        ),
    log:
        "logs/plot_model_comparison.log",
    conda:
        "../envs/analysis.yaml"
    params:
        models=MODELS,
        labels=verbatim([label("models", model) for model in MODELS]),
    message:
        "Drawing the comparison of the encoders."
    shell:
        command(
            "--comparison {input.comparison:q}"
            " --rank-agreement {input.rank_agreement:q} --models {params.models:q} --labels {params.labels:q}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )
