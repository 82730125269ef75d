"""Record what identifies the run. Include this file after all rules that the results depend on.

input:   every table of the run, the source files of the rules above
output:  results/run.json, results/tables/run.tex
"""


rule record_run:
    input:
        **RECORD_INPUTS,
        code=code("record_run"),
    output:
        output="results/run.json",
        latex="results/tables/run.tex",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        **RECORD_PARAMETERS,
    message:
        "Recording the run in {output.output}."
    shell:
        command("output.output,latex", params=RECORD_PARAMETERS, input=RECORD_INPUTS)
