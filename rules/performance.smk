"""Forecast the time, memory and disk space of a run.

input:   results/benchmarks/bench.csv of `make bench`, results/benchmarks/plan.json of `snakemake --d3dag`, the configuration
output:  results/benchmarks/towers/{model}.json, results/forecast.csv
steps:   count each encoder's work → add up stage by stage; `make forecast` does it all, dry run included
"""

from snakemake.utils import available_cpu_count

BENCH, PLAN = "results/benchmarks/bench.csv", "results/benchmarks/plan.json"
# The script reports missing files. It gets both paths by `verbatim`, because Snakemake's lint refuses inputs as plain text.
MEASURED = [path for path in (BENCH, PLAN) if Path(path).exists()]
FORECAST_SETTINGS = (
    "image_size",
    "datasets",
    "models",
    "augmentations",
    "study",
    "precision_sample",
    "encode_threads",
    "store",
)


rule measure_tower:
    input:
        source=bundle_source,
        code=code("measure_tower"),
    output:
        "results/benchmarks/towers/{model}.json",
    localrule: True
    conda:
        "../envs/encode.yaml"
    params:
        model=model_source,
        bundle="results/models/{model}",
    message:
        "Counting the operations of the encoder {wildcards.model}."
    shell:
        command("params.model,bundle output")


rule forecast:
    input:
        measured=MEASURED,
        towers=collect("results/benchmarks/towers/{model}.json", model=MODELS),
        code=code("forecast"),
    output:
        "results/forecast.csv",
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        bench=verbatim(BENCH),
        plan=verbatim(PLAN),
        settings=verbatim(as_json(settings(*FORECAST_SETTINGS))),
        cores=lambda wildcards: workflow.cores,
        machine_cores=available_cpu_count(),
    message:
        "Forecasting time, memory and disk space of the run."
    shell:
        command("params.bench,plan input.towers params.settings,cores,machine_cores output")
