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
PAPER_ENVIRONMENTS = ["images", "encode", "analysis", "paper", "workflow"]
PAPER_FIGURES = [*figure_names("encoder"), "method", *(study_figures() if STUDY else [])]
PAPER_FIGURES += figure_names("mechanism") if MECHANISM else []
PAPER_FIGURES += figure_names("adversarial") if ADVERSARIAL else []
PAPER_FIGURES += figure_names("words") if WORDS else []
PAPER_FIGURES += figure_names("named parts") if NAMED_PARTS else []
# The text follows the first dataset and the first model (config: primary); the others are compared with it.
PAPER_RESULTS = f"results/{DATASETS[0]}/{MODELS[0]}"
PAPER_PAIRS = [(dataset, model) for dataset in DATASETS for model in MODELS]
ACQUIRED = list(filter(is_acquired, DATASETS))
# What only some runs have: the tables of the study, the encoders' agreement, what became of URLs.
PAPER_STUDY = {table: f"{PAPER_RESULTS}/{table}.csv" for table in STUDY_TABLES if STUDY and table != "dose_response"}
PAPER_STUDY |= {table: f"{PAPER_RESULTS}/{table}.csv" for table in LIST_TABLES if STUDY}
PAPER_STUDY |= {"equal_doses": f"results/{DATASETS[0]}/study/equal_doses.csv"} if STUDY else {}
PAPER_MECHANISM = {table: f"{PAPER_RESULTS}/{table}.csv" for table in MECHANISM_TABLES if MECHANISM}
PAPER_MECHANISM |= {"mechanism_agreement": "results/mechanism_agreement.csv"} if MECHANISM and len(MODELS) > 1 else {}
PAPER_ADVERSARIAL = {
    table: f"{PAPER_RESULTS}/{table}.csv"
    for table in [*ADVERSARIAL_TABLES, *DETECTION_TABLES, "attack_claims"]
    if ADVERSARIAL
}
PAPER_ADVERSARIAL |= {"transfer": "results/transfer.csv"} if ADVERSARIAL and len(MODELS) > 1 else {}
PAPER_WORDS = {table: f"{PAPER_RESULTS}/{table}.csv" for table in WORDS_TABLES if WORDS}
PAPER_WORDS |= {table: f"{PAPER_RESULTS}/{table}.csv" for table in NAMED_TABLES if NAMED_PARTS}
PAPER_WORDS |= {table: f"results/{table}.csv" for table in ("text_damage", "damage_forecast") if DAMAGE}
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
    **PAPER_MECHANISM,
    **PAPER_ADVERSARIAL,
    **PAPER_WORDS,
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
            {
                key: config[key]
                for key in ("seed", "image_size", "resize", "bootstrap", "figures", "study", "mechanism", "adversarial")
            }
            | {"lists_classes": bool(config["words"]["classes"])}
            | {"n_images": config["datasets"][DATASETS[0]]["n_images"]}
            | {"kept_duplicates": [label("datasets", name) for name in DATASETS if keeps_duplicates(name)]}
        )
    ),
)


rule write_numbers:
    input:
        **PAPER_INPUTS,
        code=code("write_numbers"),
    output:
        "results/numbers.tex",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        **PAPER_PARAMETERS,
    message:
        "Writing the numbers that the paper cites."
    shell:
        command("output", params=PAPER_PARAMETERS, input=PAPER_INPUTS)


rule write_paper_tables:
    input:
        **PAPER_INPUTS,
        environments=[project_file(f"envs/{name}.yaml") for name in PAPER_ENVIRONMENTS],
        code=code("write_paper_tables"),
    output:
        collect("results/tables/{table}.tex", table=PAPER_TABLES),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        **PAPER_PARAMETERS,
        output_folder=lambda wildcards, output: Path(output[0]).parent,
    message:
        "Writing the tables of the paper."
    shell:
        command("input.environments params.output_folder", params=PAPER_PARAMETERS, input=PAPER_INPUTS)


rule write_results_page:
    input:
        **PAPER_INPUTS,
        figures=paper_figures(FIGURE_FORMATS),
        code=code("write_results_page"),
    output:
        "results/README.md",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        **PAPER_PARAMETERS,
        folders=lambda wildcards, output: [str(Path(output[0]).parent / Path(*pair)) for pair in PAPER_PAIRS],
    message:
        "Writing the entry page of the results, {output}."
    shell:
        command("input.figures params.folders output", params=PAPER_PARAMETERS, input=PAPER_INPUTS)


rule draw_texts:
    input:
        sources=["results/numbers.tex", *collect("results/tables/{table}.tex", table=PAPER_TABLES)],
        code=code("draw_texts"),
    output:
        pdf="results/drawn_texts.pdf",
        definitions="results/tables/drawn_texts.tex",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    message:
        "Drawing the labels that LaTeX cannot typeset."
    shell:
        command("input.sources output.pdf,definitions")


# What LaTeX reads.
TYPESET_INPUTS = dict(
    main=project_file("paper/main.tex"),
    sources=PAPER_SOURCES,
    numbers="results/numbers.tex",
    tables=collect("results/tables/{table}.tex", table=[*PAPER_TABLES, "drawn_texts", "run"]),
    figures=["results/drawn_texts.pdf", *paper_figures(["pdf"])],
)


rule build_paper:
    input:
        **TYPESET_INPUTS,
        code=code("build_paper"),
    output:
        temp("results/typeset.pdf"),
    localrule: True  # it needs LaTeX, or a network for its packages
    conda:
        "../envs/paper.yaml"
    params:
        paper_folder=lambda wildcards, input: Path(input.main).parent,
    message:
        "Typesetting the paper."
    shell:
        command("params.paper_folder input.numbers,tables,figures output")


# Snakemake deletes the outputs of a job before it starts and when it fails. Only this job, which starts once the paper
# is typeset, has results/paper.pdf as output.
rule copy_paper:
    input:
        "results/typeset.pdf",
    output:
        "results/paper.pdf",
    log:
        "logs/copy_paper.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    message:
        "Copying the typeset paper to {output}."
    shell:
        "( cp {input:q} {output:q}.part && mv {output:q}.part {output:q} ) 2> {log:q}"
