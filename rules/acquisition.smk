"""Fetch the images or WebDataset shards that a dataset names by URL.

input:   the table of captions and URLs, or the shards' URLs (config: datasets, with their `acquisition`)
output:  results/{dataset}/acquisition.csv, results/{dataset}/acquisition_summary.csv
state:   results/{dataset}/downloads/ holds the fetched content and a journal. It is no output, so that a killed run
         continues where it stopped. To request failed URLs again: `snakemake --forcerun acquire_images`; content that
         was fetched before is not requested again.
"""

# What to fetch, and how.
ACQUISITION = {
    **dataset_location("kind", "path"),
    **settings("max_pixels"),
    "downloads": downloads,
    "options": lambda wildcards: as_json(config["datasets"][wildcards.dataset]["acquisition"]),
}


rule acquire_images:
    input:
        source=dataset_source,
        pin=pinned_images,
        code=code("acquire_images"),
    output:
        output="results/{dataset}/acquisition.csv",
        summary="results/{dataset}/acquisition_summary.csv",
    benchmark:
        "benchmarks/{dataset}/acquire_images.tsv"
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        **ACQUISITION,
        selection=selection,
    message:
        "Fetching the files of {wildcards.dataset} from their URLs."
    shell:
        command("params.selection output.output,summary", params=ACQUISITION)
