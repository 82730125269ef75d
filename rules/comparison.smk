"""Compare the encoders of the run, on its first dataset.

input:   results/{dataset}/{model}/summary.csv and metrics.parquet, results/models/{model}/provenance.json of every model
output:  results/comparison.csv, results/rank_agreement.csv, results/encoder_differences.csv; with a mechanism
         (config: mechanism), results/mechanism_agreement.csv
"""

COMPARE_INPUTS = {
    "summaries": collect("results/{dataset}/{model}/summary.csv", dataset=DATASETS[0], model=MODELS),
    "metrics": collect("results/{dataset}/{model}/metrics.parquet", dataset=DATASETS[0], model=MODELS),
    "provenances": collect("results/models/{model}/provenance.json", model=MODELS),
}


rule compare_models:
    input:
        **COMPARE_INPUTS,
        code=code("compare_models"),
    output:
        comparison="results/comparison.csv",
        rank_agreement="results/rank_agreement.csv",
        differences="results/encoder_differences.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=1), allowance(120)),
    params:
        models=MODELS,
        bootstrap=BOOTSTRAP,
    message:
        "Comparing the encoders."
    shell:
        command("params.models,bootstrap output.comparison,rank_agreement,differences", input=COMPARE_INPUTS)


rule compare_mechanisms:
    input:
        layers=collect("results/{dataset}/{model}/layers.csv", dataset=DATASETS[0], model=MODELS),
        ledgers=collect("results/{dataset}/{model}/ledger.csv", dataset=DATASETS[0], model=MODELS),
        code=code("compare_mechanisms"),
    output:
        "results/mechanism_agreement.csv",
    conda:
        "../envs/images.yaml"
    resources:
        runtime=allowance(10),
    params:
        models=MODELS,
    message:
        "Comparing where the shift comes about in the encoders."
    shell:
        command("params.models input.layers,ledgers output")
