"""State what an encoder's precision costs (config: models, `precision`); nothing to do for single precision.

input:   views, embeddings and attention of every view, summary.csv
output:  results/{dataset}/{model}/precision.csv
steps:   encode a sample in single precision → compare
"""

REDUCED = [model for model in MODELS if config["models"][model]["precision"] != "fp32"]


rule encode_precision_sample:
    input:
        **stored(views=every("results/{dataset}/views/{view}/{shard}.tar", "view", "shard")),
        **BUNDLE,
        encoded="results/{dataset}/{model}/embeddings/original.npz",
        code=code("encode_precision_sample"),
    output:
        "results/{dataset}/{model}/precision_sample.npz",
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        **encoding_resources(runtime=allowance(60)),
    params:
        **encoder(images=config["precision_sample"]),
    message:
        "Encoding some images of {wildcards.dataset} with {wildcards.model} in single precision."
    shell:
        command("input.views,encoded params.images,bundle,encoding threads output")


rule measure_precision:
    input:
        sample="results/{dataset}/{model}/precision_sample.npz",
        embeddings=every("results/{dataset}/{model}/embeddings/{view}.npz", "view"),
        attention=every("results/{dataset}/{model}/attention/{view}.npz", "view"),
        summary="results/{dataset}/{model}/summary.csv",
        code=code("measure_precision"),
    output:
        "results/{dataset}/{model}/precision.csv",
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=0.1), allowance(30)),
    params:
        precision=lookup(within=config, dpath="models/{model}/precision"),
        views=VIEWS,
    message:
        "Measuring what the precision of {wildcards.model} changes on {wildcards.dataset}."
    shell:
        command("params.precision input.sample params.views input.embeddings,attention,summary output")
