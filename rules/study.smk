"""Look closer at a few images: more draws, graded doses, the noise floor, and the flaws of the released scripts.

input:   listing, manifest, original views, metrics and embeddings of the main run, the configuration's section `study`
output:  results/{dataset}/{model}/noise_floor.csv, dose_response.csv, dose_means.csv, dose_start.csv, equal_damage.csv,
         variance.csv, audit.csv, audit_ranks.csv, audit_claims.csv and few_images.csv; steps.csv for lists of transforms
steps:   references, views per augmentation, and views at equal damage → encode → measure → tabulate; audit
"""

EQUAL_DAMAGE_VIEWS = "results/{dataset}/study/equal_damage.tar"
# Inputs of several rules, by name.
MAIN_RUN = {
    "main_metrics": "results/{dataset}/{model}/metrics.parquet",
    "original_embeddings": "results/{dataset}/{model}/embeddings/original.npz",
}
STUDY_REFERENCES = stored(references="results/{dataset}/study/references.tar")
STUDY_VIEWS = stored(
    views=every("results/{dataset}/study/views/{augmentation}.tar", "augmentation"), equal_views=EQUAL_DAMAGE_VIEWS
)
STUDY_ENCODED = {
    "encoded": every("results/{dataset}/{model}/study/encoded/{augmentation}.npz", "augmentation"),
    "equal_encoded": "results/{dataset}/{model}/study/equal_damage.npz",
}


rule make_study_references:
    input:
        **stored(originals=every("results/{dataset}/views/original/{shard}.tar", "shard")),
        manifest="results/{dataset}/manifest.csv",
        listing="results/{dataset}/listing.csv",
        code=code("make_study_references"),
    output:
        **stored(output="results/{dataset}/study/references.tar"),
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(decoding_memory, minutes(per_view=0.01)),
    params:
        **settings("resize", "max_pixels", "study.images"),
    message:
        "Choosing the images of {wildcards.dataset} for the study."
    shell:
        command("input.manifest,originals,listing params.resize,max_pixels,images output.output")


rule make_study_views:
    input:
        **STUDY_REFERENCES,
        code=code("make_study_views"),
    output:
        **stored(output="results/{dataset}/study/views/{augmentation}.tar"),
    priority: FEEDING
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(), minutes(per_view=1)),
    params:
        **settings("study.draws", "study.doses", "seed"),
        steps=augmentation_steps,
        scale=dose_scale,
    message:
        "Making more draws and doses of {wildcards.dataset}: {wildcards.augmentation}."
    shell:
        command("input.references wildcards.augmentation params.steps,scale,draws,doses,seed output.output")


rule make_equal_damage_views:
    input:
        **STUDY_REFERENCES,
        code=code("make_equal_damage_views"),
    output:
        **stored(views=EQUAL_DAMAGE_VIEWS),
        table="results/{dataset}/study/equal_doses.csv",
    priority: FEEDING
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=2), minutes(per_view=2)),
    params:
        **settings("study.doses", "seed"),
        augmentations=verbatim(as_json(DOSED)),
    message:
        "Finding the doses of equal damage for {wildcards.dataset}."
    shell:
        command("input.references params.augmentations,doses,seed output.views,table")


rule compute_study_pixels:
    input:
        **STUDY_REFERENCES,
        **STUDY_VIEWS,
        code=code("compute_study_pixels"),
    output:
        **stored(metrics="results/{dataset}/study/pixel_metrics.parquet"),
        **stored(reference_metrics="results/{dataset}/study/reference_pixels.parquet"),
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(), minutes(per_view=0.2)),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Measuring the pixels of the study of {wildcards.dataset}."
    shell:
        command("input.references params.augmentations input.views,equal_views output.metrics,reference_metrics")


rule encode_study_views:
    input:
        **stored(views=[*STUDY_VIEWS["views"], EQUAL_DAMAGE_VIEWS]),
        **BUNDLE,
        code=code("encode_views"),
    output:
        **STUDY_ENCODED,
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        **encoding_resources(runtime=encoding_minutes),
    params:
        **encoder(store=STORE, description="{model} study"),
    message:
        "Encoding the study of {wildcards.dataset} with {wildcards.model}."
    shell:
        command("input.views,code params.bundle,encoding,store,description threads output")


rule encode_references:
    input:
        **STUDY_REFERENCES,
        **BUNDLE,
        code=code("encode_references"),
    output:
        "results/{dataset}/{model}/study/references.npz",
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        **encoding_resources(runtime=allowance(60)),
    params:
        **encoder(),
    message:
        "Encoding originals of {wildcards.dataset} with {wildcards.model} again, in other batches and precision."
    shell:
        command("input.references params.bundle,encoding threads output")


STUDY_METRICS_INPUTS = STUDY_REFERENCES | STUDY_VIEWS | STUDY_ENCODED | MAIN_RUN
STUDY_METRICS_INPUTS |= {
    "study_pixels": "results/{dataset}/study/pixel_metrics.parquet",
    "reference_pixels": "results/{dataset}/study/reference_pixels.parquet",
    "original_attention": "results/{dataset}/{model}/attention/original.npz",
    "encoded_references": "results/{dataset}/{model}/study/references.npz",
}


rule compute_study_metrics:
    input:
        **STUDY_METRICS_INPUTS,
        code=code("compute_study_metrics"),
    output:
        **stored(output="results/{dataset}/{model}/study/metrics.parquet"),
        **stored(reference_output="results/{dataset}/{model}/study/references.parquet"),
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=1), minutes(per_view=0.2)),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Measuring the shift of {wildcards.model} in the study of {wildcards.dataset}."
    shell:
        command("params.augmentations output.output,reference_output", input=STUDY_METRICS_INPUTS)


STUDY_TABLES_INPUTS = {
    "metrics": "results/{dataset}/{model}/study/metrics.parquet",
    "references": "results/{dataset}/{model}/study/references.parquet",
    "equal_doses": "results/{dataset}/study/equal_doses.csv",
}
STUDY_TABLES_OUTPUTS = tables("noise_floor", "dose_response", "dose_means", "dose_start", "equal_damage", "variance")


rule tabulate_study:
    input:
        **STUDY_TABLES_INPUTS,
        code=code("tabulate_study"),
    output:
        **STUDY_TABLES_OUTPUTS,
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=20), allowance(60)),
    params:
        augmentations=AUGMENTATIONS,
        settings=dose_settings(),
        draws=config["study"]["draws"],
        bootstrap=BOOTSTRAP,
    message:
        "Writing the tables of the study of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("params.augmentations,settings,draws,bootstrap", input=STUDY_TABLES_INPUTS, output=STUDY_TABLES_OUTPUTS)


rule tabulate_steps:
    input:
        **stored(
            views=collect("results/{dataset}/study/views/{augmentation}.tar", augmentation=LISTS, allow_missing=True)
        ),
        metrics="results/{dataset}/{model}/study/metrics.parquet",
        code=code("tabulate_steps"),
    output:
        "results/{dataset}/{model}/steps.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=20), allowance(60)),
    params:
        augmentations=LISTS,
        bootstrap=BOOTSTRAP,
    message:
        "Tabulating what each transform of a list adds to the shift of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("input.metrics,views params.augmentations,bootstrap output")


AUDIT_INPUTS = STUDY_REFERENCES | MAIN_RUN
AUDIT_INPUTS |= {
    "study": "results/{dataset}/{model}/study/metrics.parquet",
    "published_claims": project_file("paper/claims.yaml"),
    "embeddings": every("results/{dataset}/{model}/embeddings/{augmentation}.npz", "augmentation"),
    "encoded": STUDY_ENCODED["encoded"],
}
AUDIT_OUTPUTS = tables("audit", "few_images", ranks="audit_ranks", claims="audit_claims")


rule audit_method:
    input:
        **AUDIT_INPUTS,
        code=code("audit_method"),
    output:
        **AUDIT_OUTPUTS,
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.1), allowance(60)),
    params:
        **settings("resize", "study.draws", "study.failure_share"),
        augmentations=AUGMENTATIONS,
        bootstrap=BOOTSTRAP,
    message:
        "Repeating the flaws of the released scripts with {wildcards.model} on {wildcards.dataset}."
    shell:
        command("params.augmentations,resize,draws,failure_share,bootstrap", input=AUDIT_INPUTS, output=AUDIT_OUTPUTS)
