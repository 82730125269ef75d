"""State what an encoder's precision costs (config: models, `precision`); nothing to do for single precision.

input:   views, embeddings and attention of every view, summary.csv
output:  results/{dataset}/{model}/precision.csv
steps:   encode a sample in single precision → compare
"""

REDUCED = [model for model in MODELS if config["models"][model]["precision"] != "fp32"]


rule encode_precision_sample:
    input:
        views=collect("results/{{dataset}}/views/{view}/{shard}.tar", view=VIEWS, shard=SHARDS),
        checksums=collect("results/{{dataset}}/views/{view}/{shard}.tar.sha256", view=VIEWS, shard=SHARDS),
        encoded="results/{dataset}/{model}/embeddings/original.npz",
        config="results/models/{model}/open_clip_config.json",
        weights="results/models/{model}/open_clip_model.safetensors",
        code=code("encode_precision_sample"),
    output:
        "results/{dataset}/{model}/precision_sample.npz",
    log:
        "logs/{dataset}/{model}/encode_precision_sample.log",
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        mem_mb=encoding_memory,
        gpu=ENCODING_GPUS,
        runtime=allowance(60),
    params:
        images=config["precision_sample"],
        bundle=bundle,
        encoding=encoding_options,
    message:
        "Encoding some images of {wildcards.dataset} with {wildcards.model} in single precision."
    shell:
        command(
            "--views {input.views:q} --encoded {input.encoded:q}"
            " --images {params.images} --bundle {params.bundle:q} {params.encoding} --threads {threads}"
            " --output {output:q}"
        )


rule measure_precision:
    input:
        sample="results/{dataset}/{model}/precision_sample.npz",
        embeddings=collect("results/{{dataset}}/{{model}}/embeddings/{view}.npz", view=VIEWS),
        attention=collect("results/{{dataset}}/{{model}}/attention/{view}.npz", view=VIEWS),
        summary="results/{dataset}/{model}/summary.csv",
        code=code("measure_precision"),
    output:
        "results/{dataset}/{model}/precision.csv",
    log:
        "logs/{dataset}/{model}/measure_precision.log",
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(per_mb=4),
        runtime=allowance(30),
    params:
        precision=lookup(within=config, dpath="models/{model}/precision"),
        views=VIEWS,
    message:
        "Measuring what the precision of {wildcards.model} changes on {wildcards.dataset}."
    shell:
        command(
            "--precision {params.precision} --sample {input.sample:q}"
            " --views {params.views} --embeddings {input.embeddings:q} --attention {input.attention:q}"
            " --summary {input.summary:q} --output {output:q}"
        )
