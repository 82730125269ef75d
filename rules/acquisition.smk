"""Fetch the images or WebDataset shards that a dataset names by URL.

input:   the table of captions and URLs, or the shards' URLs (config: datasets, with their `acquisition`)
output:  results/{dataset}/acquisition.csv, results/{dataset}/acquisition_summary.csv
state:   results/{dataset}/downloads/ holds the fetched content and a journal. It is no output, so that a killed run
         continues where it stopped. To request failed URLs again: `snakemake --forcerun acquire_images`; content that
         was fetched before is not requested again.
"""


rule acquire_images:
    input:
        source=dataset_source,
        pin=pinned_images,
        code=code("acquire_images"),
    output:
        table="results/{dataset}/acquisition.csv",
        summary="results/{dataset}/acquisition_summary.csv",
    log:
        "logs/{dataset}/acquire_images.log",
    benchmark:
        "benchmarks/{dataset}/acquire_images.tsv"
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        kind=lookup(within=config, dpath="datasets/{dataset}/kind"),
        path=lookup(within=config, dpath="datasets/{dataset}/path"),
        downloads=downloads,
        options=lambda wildcards: as_json(config["datasets"][wildcards.dataset]["acquisition"]),
        max_pixels=config["max_pixels"],
        n_images=number_of_images,
        pin=pin_arguments,
        duplicates=duplicates_argument,
    message:
        "Fetching the files of {wildcards.dataset} from their URLs."
    shell:
        command(
            "--kind {params.kind:q} --path {params.path:q}"
            " --downloads {params.downloads:q} --options {params.options:q} --max-pixels {params.max_pixels}"
            " {params.n_images} {params.pin:q} {params.duplicates} --output {output.table:q} --summary {output.summary:q}"
        )
