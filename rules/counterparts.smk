"""Take the views of given pairs from the counterparts that another program made.

input:   folders of counterparts (config: datasets of kind `pairs`), results/{dataset}/listing.csv, manifest.csv
output:  results/{dataset}/views/{augmentation}/{shard}.tar
steps:   match with the originals → decode, check and resize as the originals, per shard → views of the images in the
         manifest, which has no image with a counterpart that is missing, damaged or of another size
"""


rule list_counterparts:
    input:
        originals="results/{dataset}/listing.csv",
        code=code("list_counterparts"),
    output:
        listing="results/{dataset}/counterparts/{augmentation}/listing.csv",
        left_out="results/{dataset}/counterparts/{augmentation}/left_out.csv",
    wildcard_constraints:
        dataset=PAIRED,
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        name="{augmentation}",
        path=lookup(within=config, dpath="datasets/{dataset}/counterparts/{augmentation}/path"),
    message:
        "Listing the counterparts of {wildcards.dataset}: {wildcards.augmentation}."
    shell:
        command("input.originals params.name,path output.listing,left_out")


use rule ingest_images as ingest_counterparts with:
    input:
        listing="results/{dataset}/counterparts/{augmentation}/listing.csv",
        code=code("ingest_images"),
    output:
        output_shard=temp("results/{dataset}/counterparts/{augmentation}/ingested/{shard}.tar"),
        checksum=temp("results/{dataset}/counterparts/{augmentation}/ingested/{shard}.tar.sha256"),
        output_table=temp("results/{dataset}/counterparts/{augmentation}/ingested/{shard}.csv"),
    wildcard_constraints:
        dataset=PAIRED,
    message:
        "Decoding and resizing the counterparts of {wildcards.dataset}, shard {wildcards.shard}: {wildcards.augmentation}."


rule pack_counterparts:
    input:
        **stored(ingested="results/{dataset}/counterparts/{augmentation}/ingested/{shard}.tar"),
        manifest="results/{dataset}/manifest.csv",
        code=code("pack_counterparts"),
    output:
        **stored(output="results/{dataset}/views/{augmentation}/{shard}.tar"),
    wildcard_constraints:
        dataset=PAIRED,
    priority: FEEDING_IN_ORDER
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(), minutes(per_view=0.01)),
    message:
        "Packing the counterparts of {wildcards.dataset}, shard {wildcards.shard}: {wildcards.augmentation}."
    shell:
        command("input.manifest,ingested wildcards.augmentation output.output")
