"""Record what identifies the run. Include this file after all rules that the results depend on.

input:   every table of the run, the source files of the rules above
output:  results/run.json, results/tables/run.tex
"""


rule record_run:
    input:
        tables=RECORDED_TABLES,
        manifests=collect("results/{dataset}/manifest.csv", dataset=DATASETS),
        provenances=collect("results/models/{model}/provenance.json", model=MODELS),
        environments=[project_file(f"envs/{name}.yaml") for name in PAPER_ENVIRONMENTS],
        sources=sorted(CODE_OF_RULES | set(PAPER_SOURCES)),
        code=code("record_run"),
    output:
        output="results/run.json",
        latex="results/tables/run.tex",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        project=PROJECT,
        configuration=lambda wildcards: portable(config),
        datasets=DATASETS,
        models=MODELS,
        rules=rules_record,
        paper=paper_record,
    message:
        "Recording the run in {output.output}."
    shell:
        command(
            "params.project,configuration,datasets input.manifests params.models input.provenances"
            " input.tables,environments,sources params.rules,paper output.output,latex"
        )
