"""Draw the figures of the study.

input:   results/augmentations.csv, and noise_floor.csv, dose_response.csv, equal_damage.csv, audit.csv and summary.csv
         of a dataset and encoder
output:  results/{dataset}/{model}/figures/{name}.pdf and .png for every name in STUDY_FIGURES
"""


rule plot_noise_floor:
    input:
        noise_floor="results/{dataset}/{model}/noise_floor.csv",
        summary="results/{dataset}/{model}/summary.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_noise_floor"),
    output:
        pdf="results/{dataset}/{model}/figures/noise_floor.pdf",
        png=report(
            "results/{dataset}/{model}/figures/noise_floor.png",
            caption="../report/noise_floor.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Shift against floor and ceiling"},
        ),
    log:
        "logs/{dataset}/{model}/plot_noise_floor.log",
    conda:
        "../envs/analysis.yaml"
    params:
        confidence=config["bootstrap"]["confidence"],
    message:
        "Drawing the shift of {wildcards.model} on {wildcards.dataset} against floor and ceiling."
    shell:
        command(
            "--noise-floor {input.noise_floor:q} --summary {input.summary:q}"
            " --confidence {params.confidence} --augmentations {input.augmentations:q}"
            " --pdf {output.pdf:q} --png {output.png:q}"
        )


rule plot_dose_response:
    input:
        dose_response="results/{dataset}/{model}/dose_response.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_dose_response"),
    output:
        pdf="results/{dataset}/{model}/figures/dose_response.pdf",
        png=report(
            "results/{dataset}/{model}/figures/dose_response.png",
            caption="../report/dose_response.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Dose-response curves"},
        ),
    log:
        "logs/{dataset}/{model}/plot_dose_response.log",
    conda:
        "../envs/analysis.yaml"
    params:
        settings=dose_settings(),
        confidence=config["bootstrap"]["confidence"],
    message:
        "Drawing the dose-response curves of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--dose-response {input.dose_response:q} --settings {params.settings:q}"
            " --confidence {params.confidence} --augmentations {input.augmentations:q}"
            " --pdf {output.pdf:q} --png {output.png:q}"
        )


rule plot_equal_damage:
    input:
        equal_damage="results/{dataset}/{model}/equal_damage.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_equal_damage"),
    output:
        pdf="results/{dataset}/{model}/figures/equal_damage.pdf",
        png=report(
            "results/{dataset}/{model}/figures/equal_damage.png",
            caption="../report/equal_damage.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Order at equal damage"},
        ),
    log:
        "logs/{dataset}/{model}/plot_equal_damage.log",
    conda:
        "../envs/analysis.yaml"
    params:
        confidence=config["bootstrap"]["confidence"],
    message:
        "Drawing the augmentations of {wildcards.model} on {wildcards.dataset} at equal damage."
    shell:
        command(
            "--equal-damage {input.equal_damage:q} --confidence {params.confidence}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )


rule plot_audit:
    input:
        audit="results/{dataset}/{model}/audit.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_audit"),
    output:
        pdf="results/{dataset}/{model}/figures/audit.pdf",
        png=report(
            "results/{dataset}/{model}/figures/audit.png",
            caption="../report/audit.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Audit of the released scripts"},
        ),
    log:
        "logs/{dataset}/{model}/plot_audit.log",
    conda:
        "../envs/analysis.yaml"
    message:
        "Drawing the audit of the released scripts with {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--audit {input.audit:q}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )
