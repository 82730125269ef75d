"""Attack each encoder: change pixels by at most ε so that the embedding moves as far as possible (config: adversarial).

input:   manifest, original views, metrics, embeddings and attention of the main run
output:  results/{dataset}/{model}/adversarial/views.tar, encoded/{attacked}.npz and metrics.parquet, with `mechanism`
         captured.npz; results/{dataset}/{model}/adversarial.csv, exchange_rate.csv, detection.csv, with `mechanism`
         detection_layers.csv, and attack_claims.csv; of several encoders, results/transfer.csv
steps:   attack → encode with the attacked encoder and with the others → measure → tabulate; compare the encoders; verdicts on
         the claims on attacks
"""

ATTACKED_IMAGES = {
    **stored(originals=every("results/{dataset}/views/original/{shard}.tar", "shard")),
    "manifest": "results/{dataset}/manifest.csv",
}


rule attack_images:
    input:
        **ATTACKED_IMAGES,
        **BUNDLE,
        code=code("attack_images"),
    output:
        **stored(output=ATTACKED_VIEWS),
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        **encoding_resources(runtime=attack_minutes) | {"mem_mb": attack_memory},
    params:
        **encoder(),
        **settings("adversarial.images", "adversarial.epsilons", "adversarial.steps", "seed"),
    message:
        "Attacking {wildcards.model} on images of {wildcards.dataset}."
    shell:
        command("input.manifest,originals params.bundle,encoding,images,epsilons,steps,seed threads output.output")


rule encode_attacked_views:
    input:
        **stored(views="results/{dataset}/{attacked}/adversarial/views.tar"),
        **BUNDLE,
        code=code("encode_views"),
    output:
        "results/{dataset}/{model}/adversarial/encoded/{attacked}.npz",
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        **encoding_resources(runtime=encoding_minutes),
    params:
        **encoder(store=STORE, description="{model} attacked"),
    message:
        "Encoding the views of {wildcards.dataset} that attack {wildcards.attacked} with {wildcards.model}."
    shell:
        command("input.views,code params.bundle,encoding,store,description threads output")


if MECHANISM:

    # The attacked encoder captures what it does under attack; the others only encode.
    ruleorder: capture_attacked_views > encode_attacked_views

    CAPTURED_ATTACKS = "input.views,code params.bundle,encoding,store,description,variants threads output.output"

    rule capture_attacked_views:
        input:
            **stored(views=ATTACKED_VIEWS) | BUNDLE | CAPTURE_INPUTS,
            code=code("encode_views"),
        output:
            output="results/{dataset}/{model}/adversarial/encoded/{model}.npz",
            captured=ATTACKED_CAPTURE,
        priority: ENCODING
        conda:
            "../envs/encode.yaml"
        threads: encoding_threads
        resources:
            **encoding_resources(runtime=encoding_minutes),
        params:
            **encoder(store=STORE, description="{model} attacked"),
            variants=ATTACK_VARIANTS,
        message:
            "Encoding the views of {wildcards.dataset} that attack {wildcards.model}, and looking inside it."
        shell:
            command(f"{CAPTURED_ATTACKS} {CAPTURE_ARGUMENTS}")


MEASURED_ATTACKS = {
    **stored(originals=every("results/{dataset}/views/original/{shard}.tar", "shard"), views=ATTACKED_VIEWS),
    "embeddings": "results/{dataset}/{model}/embeddings/original.npz",
    "attention": "results/{dataset}/{model}/attention/original.npz",
    "encoded": "results/{dataset}/{model}/adversarial/encoded/{model}.npz",
}


rule measure_attacks:
    input:
        **MEASURED_ATTACKS,
        code=code("measure_attacks"),
    output:
        **stored(output="results/{dataset}/{model}/adversarial/metrics.parquet"),
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=1), minutes(per_view=0.1)),
    message:
        "Measuring the attacked views of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("output.output", input=MEASURED_ATTACKS)


TABULATED_ATTACKS = {
    "measured": "results/{dataset}/{model}/adversarial/metrics.parquet",
    "metrics": "results/{dataset}/{model}/metrics.parquet",
}


rule tabulate_attacks:
    input:
        **TABULATED_ATTACKS,
        code=code("tabulate_attacks"),
    output:
        **tables(*ADVERSARIAL_TABLES),
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=6), allowance(10)),
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Writing the tables of the attack on {wildcards.model} on {wildcards.dataset}."
    shell:
        command("params.bootstrap", input=TABULATED_ATTACKS, output=tables(*ADVERSARIAL_TABLES))


DETECTED_ATTACKS = {
    "original": "results/{dataset}/{model}/embeddings/original.npz",
    "augmented": every("results/{dataset}/{model}/embeddings/{augmentation}.npz", "augmentation"),
    "encoded": "results/{dataset}/{model}/adversarial/encoded/{model}.npz",
}
DETECTED_INSIDE = {
    "captured": every(CAPTURED, "view", "part"),
    "captured_attacks": ATTACKED_CAPTURE,
    "tower": "results/models/{model}/tower.npz",
}
DETECTED_ATTACKS |= DETECTED_INSIDE if MECHANISM else {}
DETECTION_OUTPUTS = {"output": "results/{dataset}/{model}/detection.csv"}
DETECTION_OUTPUTS |= {"output_layers": "results/{dataset}/{model}/detection_layers.csv"} if MECHANISM else {}


rule detect_attacks:
    input:
        **DETECTED_ATTACKS,
        code=code("detect_attacks"),
    output:
        **DETECTION_OUTPUTS,
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.5), allowance(10)),
    params:
        **READ_OUT_PARAMETERS,
        augmentations=AUGMENTATIONS,
    message:
        "Telling attacks on {wildcards.model} from augmentations of {wildcards.dataset}."
    shell:
        command("params.augmentations", input=DETECTED_ATTACKS, params=READ_OUT_PARAMETERS, output=DETECTION_OUTPUTS)


JUDGED_ATTACKS = TABULATED_ATTACKS | {
    "detection": "results/{dataset}/{model}/detection.csv",
    "published_claims": project_file("paper/claims.yaml"),
}


rule judge_attack_claims:
    input:
        unpack(attacks_measured_by_others),
        **JUDGED_ATTACKS,
        code=code("judge_attack_claims"),
    output:
        "results/{dataset}/{model}/attack_claims.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=6), allowance(10)),
    params:
        others=lambda wildcards, input: [Path(path).parents[1].name for path in input.originals],
        bootstrap=BOOTSTRAP,
    message:
        "Judging the claims on attacks by {wildcards.model} on {wildcards.dataset}."
    shell:
        command("input.originals,transferred params.others,bootstrap output", input=JUDGED_ATTACKS)


COMPARED_ATTACKS = {
    "originals": collect("results/{dataset}/{model}/embeddings/original.npz", dataset=DATASETS[0], model=MODELS),
    "encoded": [
        f"results/{DATASETS[0]}/{measured}/adversarial/encoded/{attacked}.npz"
        for attacked in MODELS
        for measured in MODELS
    ],
}


rule compare_attacks:
    input:
        **COMPARED_ATTACKS,
        code=code("compare_attacks"),
    output:
        "results/transfer.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=2), allowance(10)),
    params:
        models=MODELS,
        bootstrap=BOOTSTRAP,
    message:
        "Comparing the attacks on all encoders."
    shell:
        command("params.models,bootstrap output", input=COMPARED_ATTACKS)
