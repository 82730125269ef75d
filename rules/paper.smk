"""Write the paper.

input:   the tables and figures of every dataset and encoder, paper/
output:  results/numbers.tex, results/tables/{table}.tex, results/drawn_texts.pdf, results/paper.pdf, results/README.md
steps:   numbers as macros; tables → labels that LaTeX cannot typeset, drawn → typeset → copy, so that a failed
         typesetting leaves the earlier paper alone
"""

PAPER_SOURCES = sorted(
    project_file(path.relative_to(PROJECT))
    for path in (PROJECT / "paper").rglob("*")
    if path.suffix in {".tex", ".bib"}
)
PAPER_TABLES = [
    "augmentations",
    "overview",
    "ranking",
    "agreement",
    "claims",
    "friedman",
    "neighbours",
    "registered",
    "patch_audit",
    "pairwise_distance",
    "summary",
    "rejects",
    "datasets",
    "metrics",
    "exclusions",
    "encoder",
    "precision",
    "software",
    "acquisition",
    "comparison",
]
STUDY_PAPER_TABLES = ["noise_floor", "equal_damage", "variance", "audit", "audit_claims", "audit_numbers"]
PAPER_TABLES += STUDY_PAPER_TABLES if STUDY else []
PAPER_TABLES += ["rank_agreement", "encoder_differences"] if len(MODELS) > 1 else []
PAPER_FIGURES = [*figure_names("encoder"), "method", *(figure_names("study") if STUDY else [])]
# The text follows the first dataset and the first model (config: primary); the others are compared with it.
PAPER_RESULTS = f"results/{DATASETS[0]}/{MODELS[0]}"
PAPER_PAIRS = [(dataset, model) for dataset in DATASETS for model in MODELS]
ACQUIRED = list(filter(is_acquired, DATASETS))
# What only some runs have: the tables of the study, the encoders' agreement, what became of URLs.
PAPER_STUDY = {table: f"{PAPER_RESULTS}/{table}.csv" for table in STUDY_TABLES if STUDY and table != "dose_response"}
PAPER_STUDY |= {"equal_doses": f"results/{DATASETS[0]}/study/equal_doses.csv"} if STUDY else {}
PAPER_ENCODERS = {
    table: f"results/{table}.csv" for table in ("rank_agreement", "encoder_differences") if len(MODELS) > 1
}
# The encoders that do not compute in single precision.
PAPER_REDUCED = [(dataset, model) for dataset, model in PAPER_PAIRS if model in REDUCED]
PAPER_INPUTS = dict(
    summaries=[f"results/{dataset}/{model}/summary.csv" for dataset, model in PAPER_PAIRS],
    manifests=[f"results/{dataset}/manifest.csv" for dataset in DATASETS],
    rejects=[f"results/{dataset}/rejects.csv" for dataset in DATASETS],
    exclusions=f"{PAPER_RESULTS}/exclusions.csv",
    distance=f"{PAPER_RESULTS}/pairwise_distance.csv",
    claims=f"{PAPER_RESULTS}/claims.csv",
    published_claims=project_file("paper/claims.yaml"),
    friedman=f"{PAPER_RESULTS}/friedman.csv",
    paired_differences=f"{PAPER_RESULTS}/paired_differences.csv",
    notable_images=f"{PAPER_RESULTS}/notable_images.csv",
    augmentations="results/augmentations.csv",
    provenances=[f"results/models/{model}/provenance.json" for model in MODELS],
    precisions=[f"results/{dataset}/{model}/precision.csv" for dataset, model in PAPER_REDUCED],
    acquisitions=[f"results/{dataset}/acquisition_summary.csv" for dataset in ACQUIRED],
    **PAPER_STUDY,
    **PAPER_ENCODERS,
)
PAPER_PARAMETERS = dict(
    datasets=verbatim([label("datasets", dataset) for dataset, _ in PAPER_PAIRS]),
    models=verbatim([label("models", model) for _, model in PAPER_PAIRS]),
    model_names=[model for _, model in PAPER_PAIRS],
    acquired=verbatim([label("datasets", dataset) for dataset in ACQUIRED]),
    reduced=verbatim([f"{label('models', model)} on {label('datasets', dataset)}" for dataset, model in PAPER_REDUCED]),
    settings=verbatim(
        as_json(
            {key: config[key] for key in ("seed", "image_size", "resize", "bootstrap", "figures", "study")}
            | {"n_images": config["datasets"][DATASETS[0]]["n_images"]}
            | {"kept_duplicates": [label("datasets", name) for name in DATASETS if keeps_duplicates(name)]}
        )
    ),
)
PAPER_ARGUMENTS = (
    " --datasets {params.datasets:q} --models {params.models:q} --model-names {params.model_names:q}"
    " --summaries {input.summaries:q}"
    " --manifests {input.manifests:q} --rejects {input.rejects:q}"
    " --exclusions {input.exclusions:q} --distance {input.distance:q}"
    " --claims {input.claims:q} --published-claims {input.published_claims:q} --friedman {input.friedman:q}"
    " --paired-differences {input.paired_differences:q} --notable-images {input.notable_images:q}"
    " --augmentations {input.augmentations:q} --provenances {input.provenances:q} --settings {params.settings:q}"
    " --acquired {params.acquired:q} --acquisitions {input.acquisitions:q}"
    " --reduced {params.reduced:q} --precisions {input.precisions:q}"
) + "".join(f" --{name.replace('_', '-')} {{input.{name}:q}}" for name in (*PAPER_STUDY, *PAPER_ENCODERS))


rule write_numbers:
    input:
        **PAPER_INPUTS,
        code=code("write_numbers"),
    output:
        "results/numbers.tex",
    log:
        "logs/write_numbers.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        **PAPER_PARAMETERS,
    message:
        "Writing the numbers that the paper cites."
    shell:
        command(f"{PAPER_ARGUMENTS} --output {{output:q}}")


rule write_paper_tables:
    input:
        **PAPER_INPUTS,
        environments=collect(
            project_file("envs/{name}.yaml"), name=["images", "encode", "analysis", "paper", "workflow"]
        ),
        code=code("write_paper_tables"),
    output:
        collect("results/tables/{table}.tex", table=PAPER_TABLES),
    log:
        "logs/write_paper_tables.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        **PAPER_PARAMETERS,
        folder=lambda wildcards, output: Path(output[0]).parent,
    message:
        "Writing the tables of the paper."
    shell:
        command(f"{PAPER_ARGUMENTS}" " --environments {input.environments:q}" " --output-folder {params.folder:q}")


rule write_results_page:
    input:
        **PAPER_INPUTS,
        figures=collect(
            f"{PAPER_RESULTS}/figures/{{name}}.{{form}}",
            name=[name for name in PAPER_FIGURES if name != "method"],
            form=FIGURE_FORMATS,
        )
        + collect(f"{PAPER_RESULTS}/figures/method.{{form}}", form=["pdf", "png"])
        + collect("results/figures/model_comparison.{form}", form=FIGURE_FORMATS) * (len(MODELS) > 1),
        code=code("write_results_page"),
    output:
        "results/README.md",
    log:
        "logs/write_results_page.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        **PAPER_PARAMETERS,
        folders=[f"results/{dataset}/{model}" for dataset, model in PAPER_PAIRS],
    message:
        "Writing the entry page of the results, {output}."
    shell:
        command(f"{PAPER_ARGUMENTS} --figures {{input.figures:q}} --folders {{params.folders:q}} --output {{output:q}}")


rule draw_texts:
    input:
        numbers="results/numbers.tex",
        tables=collect("results/tables/{table}.tex", table=PAPER_TABLES),
        code=code("draw_texts"),
    output:
        pdf="results/drawn_texts.pdf",
        definitions="results/tables/drawn_texts.tex",
    log:
        "logs/draw_texts.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    message:
        "Drawing the labels that LaTeX cannot typeset."
    shell:
        command(
            "--sources {input.numbers:q} {input.tables:q} --pdf {output.pdf:q} --definitions {output.definitions:q}"
        )


rule build_paper:
    input:
        main=project_file("paper/main.tex"),
        sources=PAPER_SOURCES,
        numbers="results/numbers.tex",
        tables=collect("results/tables/{table}.tex", table=[*PAPER_TABLES, "drawn_texts"]),
        figures=["results/drawn_texts.pdf"]
        + collect(f"{PAPER_RESULTS}/figures/{{name}}.pdf", name=PAPER_FIGURES)
        + ["results/figures/model_comparison.pdf"] * (len(MODELS) > 1),
        code=code("build_paper"),
    output:
        temp("results/typeset.pdf"),
    log:
        "logs/build_paper.log",
    localrule: True  # it needs LaTeX, or a network for its packages
    conda:
        "../envs/paper.yaml"
    params:
        folder=lambda wildcards, input: Path(input.main).parent,
    message:
        "Typesetting the paper."
    shell:
        command(
            "--paper-folder {params.folder:q} --numbers {input.numbers:q} --tables {input.tables:q}"
            " --figures {input.figures:q} --output {output:q}"
        )


# Snakemake deletes the outputs of a job before it starts and when it fails. Only this job, which starts once the paper
# is typeset, has results/paper.pdf as output.
rule copy_paper:
    input:
        "results/typeset.pdf",
    output:
        report("results/paper.pdf", caption="../report/paper.rst", category="Paper"),
    log:
        "logs/copy_paper.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    message:
        "Copying the typeset paper to {output}."
    shell:
        "( cp {input:q} {output:q}.part && mv {output:q}.part {output:q} ) 2> {log:q}"
