"""List, decode and resize the images.

input:   the dataset's table or folder (config: datasets)
output:  results/{dataset}/manifest.csv, results/{dataset}/rejects.csv,
         results/{dataset}/views/original/{shard}.tar
steps:   list → decode, check and resize once, per shard → manifest → original views
"""

INGESTION = settings("shards", "image_size", "resize", "max_pixels")


rule list_images:
    input:
        source=dataset_source,
        acquisition=acquisition_table,
        code=code("list_images"),
    output:
        listing="results/{dataset}/listing.csv",
        left_out="results/{dataset}/left_out.csv",
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        **dataset_location("kind", "path"),
        acquisition=lambda wildcards, input: "--acquisition" if input.acquisition else "",
        downloads=downloads,
    message:
        "Listing the images of {wildcards.dataset}."
    shell:
        command("params.kind,path,downloads {params.acquisition} {input.acquisition:q} output.listing,left_out")


rule ingest_images:
    input:
        listing="results/{dataset}/listing.csv",
        code=code("ingest_images"),
    output:
        output_shard=temp("results/{dataset}/ingested/{shard}.tar"),
        checksum=temp("results/{dataset}/ingested/{shard}.tar.sha256"),
        output_table=temp("results/{dataset}/ingested/{shard}.csv"),
    conda:
        "../envs/images.yaml"
    threads: decoding_threads
    resources:
        **memory_and_runtime(decoding_memory, allowance(60)),
    params:
        **INGESTION,
    message:
        "Decoding and resizing the images of {wildcards.dataset}, shard {wildcards.shard}."
    shell:
        command("input.listing wildcards.shard threads output.output_shard,output_table", params=INGESTION)


rule write_manifest:
    input:
        ingested=every("results/{dataset}/ingested/{shard}.csv", "shard"),
        left_out="results/{dataset}/left_out.csv",
        others=counterpart_tables("left_out"),
        counterparts=counterpart_tables("ingested/{shard}", "shard"),
        pin=pinned_images,
        code=code("write_manifest"),
    output:
        manifest="results/{dataset}/manifest.csv",
        rejects="results/{dataset}/rejects.csv",
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        selection=selection,
    message:
        "Writing the manifest of {wildcards.dataset}."
    shell:
        command("input.ingested,left_out {input.others:q} params.selection input.counterparts output.manifest,rejects")


rule pack_originals:
    input:
        **stored(ingested="results/{dataset}/ingested/{shard}.tar"),
        manifest="results/{dataset}/manifest.csv",
        code=code("pack_originals"),
    output:
        **stored(output="results/{dataset}/views/original/{shard}.tar"),
    priority: FEEDING_IN_ORDER
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(), minutes(per_view=0.01)),
    message:
        "Packing the original views of {wildcards.dataset}, shard {wildcards.shard}."
    shell:
        command("input.manifest,ingested output.output")
