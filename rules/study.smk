"""Look closer at a few images: more draws, graded doses, the noise floor, and the flaws of the released scripts.

input:   listing, manifest, original views, metrics and embeddings of the main run, the configuration's section `study`
output:  results/{dataset}/{model}/noise_floor.csv, dose_response.csv, dose_start.csv, equal_damage.csv, variance.csv,
         audit.csv, audit_ranks.csv, audit_claims.csv and few_images.csv
steps:   references, views per augmentation, and views at equal damage → encode → measure → tabulate; audit
"""

STUDY_VIEWS = collect("results/{{dataset}}/study/views/{augmentation}.tar", augmentation=AUGMENTATIONS)
STUDY_ENCODED = collect("results/{{dataset}}/{{model}}/study/encoded/{augmentation}.npz", augmentation=AUGMENTATIONS)
STUDY_CHECKSUMS = collect("results/{{dataset}}/study/views/{augmentation}.tar.sha256", augmentation=AUGMENTATIONS)
EQUAL_DAMAGE_VIEWS = "results/{dataset}/study/equal_damage.tar"
EQUAL_DAMAGE_CHECKSUM = "results/{dataset}/study/equal_damage.tar.sha256"
EQUAL_DAMAGE_ENCODED = "results/{dataset}/{model}/study/equal_damage.npz"


rule make_study_references:
    input:
        manifest="results/{dataset}/manifest.csv",
        originals=collect("results/{{dataset}}/views/original/{shard}.tar", shard=SHARDS),
        checksums=collect("results/{{dataset}}/views/original/{shard}.tar.sha256", shard=SHARDS),
        listing="results/{dataset}/listing.csv",
        code=code("make_study_references"),
    output:
        references="results/{dataset}/study/references.tar",
        checksum="results/{dataset}/study/references.tar.sha256",
    log:
        "logs/{dataset}/study/make_study_references.log",
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=decoding_memory,
        runtime=minutes(per_view=0.01),
    params:
        images=config["study"]["images"],
        resize=config["resize"],
        max_pixels=config["max_pixels"],
    message:
        "Choosing the images of {wildcards.dataset} for the study."
    shell:
        command(
            "--manifest {input.manifest:q} --originals {input.originals:q} --listing {input.listing:q}"
            " --resize {params.resize} --max-pixels {params.max_pixels}"
            " --images {params.images} --output {output.references:q}"
        )


rule make_study_views:
    input:
        references="results/{dataset}/study/references.tar",
        checksum="results/{dataset}/study/references.tar.sha256",
        code=code("make_study_views"),
    output:
        views="results/{dataset}/study/views/{augmentation}.tar",
        checksum="results/{dataset}/study/views/{augmentation}.tar.sha256",
    log:
        "logs/{dataset}/study/make_study_views/{augmentation}.log",
    priority: FEEDING
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(),
        runtime=minutes(per_view=1),
    params:
        steps=augmentation_steps,
        scale=dose_scale,
        draws=config["study"]["draws"],
        doses=config["study"]["doses"],
        seed=config["seed"],
    message:
        "Making more draws and doses of {wildcards.dataset}: {wildcards.augmentation}."
    shell:
        command(
            "--references {input.references:q} --augmentation {wildcards.augmentation}"
            " --steps {params.steps:q} --scale {params.scale:q}"
            " --draws {params.draws} --doses {params.doses} --seed {params.seed} --output {output.views:q}"
        )


rule make_equal_damage_views:
    input:
        references="results/{dataset}/study/references.tar",
        checksum="results/{dataset}/study/references.tar.sha256",
        code=code("make_equal_damage_views"),
    output:
        views=EQUAL_DAMAGE_VIEWS,
        checksum=EQUAL_DAMAGE_CHECKSUM,
        doses="results/{dataset}/study/equal_doses.csv",
    log:
        "logs/{dataset}/study/make_equal_damage_views.log",
    benchmark:
        "benchmarks/{dataset}/study/make_equal_damage_views.tsv"
    priority: FEEDING
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=2),
        runtime=minutes(per_view=2),
    params:
        augmentations=verbatim(as_json(DOSED)),
        doses=config["study"]["doses"],
        seed=config["seed"],
    message:
        "Finding the doses of equal damage for {wildcards.dataset}."
    shell:
        command(
            "--references {input.references:q} --augmentations {params.augmentations:q} --doses {params.doses}"
            " --seed {params.seed} --views {output.views:q} --table {output.doses:q}"
        )


rule compute_study_pixels:
    input:
        references="results/{dataset}/study/references.tar",
        references_checksum="results/{dataset}/study/references.tar.sha256",
        views=STUDY_VIEWS,
        checksums=STUDY_CHECKSUMS,
        equal_views=EQUAL_DAMAGE_VIEWS,
        equal_checksum=EQUAL_DAMAGE_CHECKSUM,
        code=code("compute_study_pixels"),
    output:
        metrics="results/{dataset}/study/pixel_metrics.parquet",
        metrics_checksum="results/{dataset}/study/pixel_metrics.parquet.sha256",
        references="results/{dataset}/study/reference_pixels.parquet",
        references_checksum="results/{dataset}/study/reference_pixels.parquet.sha256",
    log:
        "logs/{dataset}/study/compute_study_pixels.log",
    benchmark:
        "benchmarks/{dataset}/study/compute_study_pixels.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(),
        runtime=minutes(per_view=0.2),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Measuring the pixels of the study of {wildcards.dataset}."
    shell:
        command(
            "--references {input.references:q}"
            " --augmentations {params.augmentations} --views {input.views:q} --equal-views {input.equal_views:q}"
            " --metrics {output.metrics:q} --reference-metrics {output.references:q}"
        )


rule encode_study_views:
    input:
        views=[*STUDY_VIEWS, EQUAL_DAMAGE_VIEWS],
        checksums=[*STUDY_CHECKSUMS, EQUAL_DAMAGE_CHECKSUM],
        config="results/models/{model}/open_clip_config.json",
        weights="results/models/{model}/open_clip_model.safetensors",
        code=code("encode_views"),
    output:
        STUDY_ENCODED,
        EQUAL_DAMAGE_ENCODED,
    log:
        "logs/{dataset}/{model}/study/encode_views.log",
    benchmark:
        "benchmarks/{dataset}/{model}/study/encode_views.tsv"
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        mem_mb=encoding_memory,
        gpu=ENCODING_GPUS,
        runtime=encoding_minutes,
    params:
        bundle=bundle,
        encoding=encoding_options,
        store=STORE,
    message:
        "Encoding the study of {wildcards.dataset} with {wildcards.model}."
    shell:
        command(
            "--views {input.views:q} --bundle {params.bundle:q} {params.encoding} --threads {threads}"
            " {params.store:q} --code {input.code:q} --description '{wildcards.model} study' --output {output:q}"
        )


rule encode_references:
    input:
        references="results/{dataset}/study/references.tar",
        checksum="results/{dataset}/study/references.tar.sha256",
        config="results/models/{model}/open_clip_config.json",
        weights="results/models/{model}/open_clip_model.safetensors",
        code=code("encode_references"),
    output:
        "results/{dataset}/{model}/study/references.npz",
    log:
        "logs/{dataset}/{model}/study/encode_references.log",
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        mem_mb=encoding_memory,
        gpu=ENCODING_GPUS,
        runtime=allowance(60),
    params:
        bundle=bundle,
        encoding=encoding_options,
    message:
        "Encoding originals of {wildcards.dataset} with {wildcards.model} again, in other batches and precision."
    shell:
        command(
            "--references {input.references:q}"
            " --bundle {params.bundle:q} {params.encoding} --threads {threads}"
            " --output {output:q}"
        )


rule compute_study_metrics:
    input:
        main_metrics="results/{dataset}/{model}/metrics.parquet",
        study_pixels="results/{dataset}/study/pixel_metrics.parquet",
        reference_pixels="results/{dataset}/study/reference_pixels.parquet",
        references="results/{dataset}/study/references.tar",
        references_checksum="results/{dataset}/study/references.tar.sha256",
        original_embeddings="results/{dataset}/{model}/embeddings/original.npz",
        original_attention="results/{dataset}/{model}/attention/original.npz",
        encoded_references="results/{dataset}/{model}/study/references.npz",
        views=STUDY_VIEWS,
        checksums=STUDY_CHECKSUMS,
        encoded=STUDY_ENCODED,
        equal_views=EQUAL_DAMAGE_VIEWS,
        equal_checksum=EQUAL_DAMAGE_CHECKSUM,
        equal_encoded=EQUAL_DAMAGE_ENCODED,
        code=code("compute_study_metrics"),
    output:
        metrics="results/{dataset}/{model}/study/metrics.parquet",
        metrics_checksum="results/{dataset}/{model}/study/metrics.parquet.sha256",
        references="results/{dataset}/{model}/study/references.parquet",
        references_checksum="results/{dataset}/{model}/study/references.parquet.sha256",
    log:
        "logs/{dataset}/{model}/study/compute_study_metrics.log",
    benchmark:
        "benchmarks/{dataset}/{model}/study/compute_study_metrics.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=4),
        runtime=minutes(per_view=0.2),
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Measuring the shift of {wildcards.model} in the study of {wildcards.dataset}."
    shell:
        command(
            "--main-metrics {input.main_metrics:q}"
            " --study-pixels {input.study_pixels:q} --reference-pixels {input.reference_pixels:q}"
            " --references {input.references:q} --original-embeddings {input.original_embeddings:q}"
            " --original-attention {input.original_attention:q} --encoded-references {input.encoded_references:q}"
            " --augmentations {params.augmentations} --views {input.views:q} --encoded {input.encoded:q}"
            " --equal-views {input.equal_views:q} --equal-encoded {input.equal_encoded:q}"
            " --output {output.metrics:q} --reference-output {output.references:q}"
        )


rule tabulate_study:
    input:
        metrics="results/{dataset}/{model}/study/metrics.parquet",
        references="results/{dataset}/{model}/study/references.parquet",
        equal_doses="results/{dataset}/study/equal_doses.csv",
        code=code("tabulate_study"),
    output:
        noise_floor="results/{dataset}/{model}/noise_floor.csv",
        dose_response="results/{dataset}/{model}/dose_response.csv",
        dose_start="results/{dataset}/{model}/dose_start.csv",
        equal_damage="results/{dataset}/{model}/equal_damage.csv",
        variance="results/{dataset}/{model}/variance.csv",
    log:
        "logs/{dataset}/{model}/study/tabulate_study.log",
    benchmark:
        "benchmarks/{dataset}/{model}/study/tabulate_study.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=20),
        runtime=allowance(60),
    params:
        augmentations=AUGMENTATIONS,
        settings=dose_settings(),
        draws=config["study"]["draws"],
        bootstrap=BOOTSTRAP,
    message:
        "Writing the tables of the study of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--metrics {input.metrics:q} --references {input.references:q}"
            " --augmentations {params.augmentations} --settings {params.settings:q} --draws {params.draws}"
            " --equal-doses {input.equal_doses:q} {params.bootstrap}"
            " --noise-floor {output.noise_floor:q} --dose-response {output.dose_response:q}"
            " --dose-start {output.dose_start:q} --equal-damage {output.equal_damage:q} --variance {output.variance:q}"
        )


rule audit_method:
    input:
        main_metrics="results/{dataset}/{model}/metrics.parquet",
        references="results/{dataset}/study/references.tar",
        references_checksum="results/{dataset}/study/references.tar.sha256",
        study="results/{dataset}/{model}/study/metrics.parquet",
        published_claims=project_file("paper/claims.yaml"),
        original_embeddings="results/{dataset}/{model}/embeddings/original.npz",
        embeddings=collect("results/{{dataset}}/{{model}}/embeddings/{augmentation}.npz", augmentation=AUGMENTATIONS),
        encoded=STUDY_ENCODED,
        code=code("audit_method"),
    output:
        audit="results/{dataset}/{model}/audit.csv",
        ranks="results/{dataset}/{model}/audit_ranks.csv",
        claims="results/{dataset}/{model}/audit_claims.csv",
        few_images="results/{dataset}/{model}/few_images.csv",
    log:
        "logs/{dataset}/{model}/study/audit_method.log",
    benchmark:
        "benchmarks/{dataset}/{model}/study/audit_method.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=20),
        runtime=allowance(60),
    params:
        augmentations=AUGMENTATIONS,
        draws=config["study"]["draws"],
        resize=config["resize"],
        failure_share=config["study"]["failure_share"],
        bootstrap=BOOTSTRAP,
    message:
        "Repeating the flaws of the released scripts with {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--main-metrics {input.main_metrics:q} --study {input.study:q} --references {input.references:q}"
            " --published-claims {input.published_claims:q} --resize {params.resize}"
            " --original-embeddings {input.original_embeddings:q} --augmentations {params.augmentations}"
            " --embeddings {input.embeddings:q} --encoded {input.encoded:q} --draws {params.draws}"
            " --failure-share {params.failure_share} {params.bootstrap}"
            " --audit {output.audit:q} --ranks {output.ranks:q} --claims {output.claims:q}"
            " --few-images {output.few_images:q}"
        )
