"""Draw the figures: one rule per entry of the table in scripts/embedding_shift/plots/figures.py, and the method.

input:   the tables, views and attention of a dataset and encoder, results/augmentations.csv, paper/figures/method.tex
output:  results/{dataset}/{model}/figures/{name}.pdf and .png, results/figures/model_comparison.pdf and .png; further
         formats as configured
"""

for figure_name, figure in FIGURES.items():
    if figure.scope == "benchmark":
        continue  # `make bench` draws it

    rule:
        name:
            f"plot_{figure_name}"
        input:
            **figure_inputs(figure),
            code=code("plot", [figure.module_path]),
        output:
            **figure_outputs(figure_name),
        conda:
            "../envs/analysis.yaml"
        resources:
            **figure_resources(figure),
        params:
            arguments=figure_arguments(figure_name),
            style=figure_style(),
        message:
            "Drawing {output.pdf}."
        shell:
            command("{params.arguments:q} {params.style:q} --output {output:q}")


rule plot_method:
    input:
        source=project_file("paper/figures/method.tex"),
        summary="results/{dataset}/{model}/summary.csv",
        code=code("typeset_method"),
    output:
        **in_formats("results/{dataset}/{model}/figures/method", **figure_report("method", "The method")),
    localrule: True  # it needs LaTeX, or a network for its packages
    conda:
        "../envs/paper.yaml"
    params:
        **settings("image_size"),
        given=lambda wildcards: "--views-given" if is_paired(wildcards.dataset) else "",
        pictures=lambda wildcards, output: [path for path in output if path != output.pdf],
    message:
        "Typesetting {output.pdf}."
    shell:
        command("input.source,summary params.image_size {params.given} output.pdf params.pictures")
