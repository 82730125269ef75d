"""List, decode and resize the images.

input:   the dataset's table or folder (config: datasets)
output:  results/{dataset}/manifest.csv, results/{dataset}/rejects.csv,
         results/{dataset}/views/original/{shard}.tar
steps:   list → decode, check and resize once, per shard → manifest → original views
"""


rule list_images:
    input:
        source=dataset_source,
        acquisition=acquisition_table,
        code=code("list_images"),
    output:
        listing="results/{dataset}/listing.csv",
        left_out="results/{dataset}/left_out.csv",
    log:
        "logs/{dataset}/list_images.log",
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        kind=lookup(within=config, dpath="datasets/{dataset}/kind"),
        path=lookup(within=config, dpath="datasets/{dataset}/path"),
        acquisition=lambda wildcards, input: "--acquisition" if input.acquisition else "",
        downloads=downloads,
    message:
        "Listing the images of {wildcards.dataset}."
    shell:
        command(
            "--kind {params.kind:q} --path {params.path:q}"
            " {params.acquisition} {input.acquisition:q} --downloads {params.downloads:q}"
            " --listing {output.listing:q} --left-out {output.left_out:q}"
        )


rule ingest_images:
    input:
        listing="results/{dataset}/listing.csv",
        code=code("ingest_images"),
    output:
        shard=temp("results/{dataset}/ingested/{shard}.tar"),
        checksum=temp("results/{dataset}/ingested/{shard}.tar.sha256"),
        table=temp("results/{dataset}/ingested/{shard}.csv"),
    log:
        "logs/{dataset}/ingest_images/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/ingest_images/{shard}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=decoding_memory,
        runtime=allowance(60),
    params:
        shards=config["shards"],
        image_size=config["image_size"],
        resize=config["resize"],
        max_pixels=config["max_pixels"],
    message:
        "Decoding and resizing the images of {wildcards.dataset}, shard {wildcards.shard}."
    shell:
        command(
            "--listing {input.listing:q}"
            " --shard {wildcards.shard} --shards {params.shards}"
            " --image-size {params.image_size} --resize {params.resize} --max-pixels {params.max_pixels}"
            " --output-shard {output.shard:q} --output-table {output.table:q}"
        )


rule write_manifest:
    input:
        ingested=collect("results/{{dataset}}/ingested/{shard}.csv", shard=SHARDS),
        left_out="results/{dataset}/left_out.csv",
        pin=pinned_images,
        code=code("write_manifest"),
    output:
        manifest="results/{dataset}/manifest.csv",
        rejects="results/{dataset}/rejects.csv",
    log:
        "logs/{dataset}/write_manifest.log",
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        n_images=number_of_images,
        pin=pin_arguments,
        duplicates=duplicates_argument,
    message:
        "Writing the manifest of {wildcards.dataset}."
    shell:
        command(
            "--ingested {input.ingested:q} --left-out {input.left_out:q}"
            " {params.n_images} {params.pin:q} {params.duplicates}"
            " --manifest {output.manifest:q} --rejects {output.rejects:q}"
        )


rule pack_originals:
    input:
        manifest="results/{dataset}/manifest.csv",
        ingested="results/{dataset}/ingested/{shard}.tar",
        checksum="results/{dataset}/ingested/{shard}.tar.sha256",
        code=code("pack_originals"),
    output:
        shard="results/{dataset}/views/original/{shard}.tar",
        checksum="results/{dataset}/views/original/{shard}.tar.sha256",
    log:
        "logs/{dataset}/pack_originals/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/pack_originals/{shard}.tsv"
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(),
        runtime=minutes(per_view=0.01),
    message:
        "Packing the original views of {wildcards.dataset}, shard {wildcards.shard}."
    shell:
        command("--manifest {input.manifest:q} --ingested {input.ingested:q}" " --output {output.shard:q}")
