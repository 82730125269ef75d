"""Make the augmented views.

input:   results/{dataset}/views/original/{shard}.tar, the augmentation's entry (config: augmentations)
output:  results/augmentations.csv, results/{dataset}/views/{augmentation}/{shard}.tar
steps:   check every entry → augment, per shard
state:   results/{dataset}/views/{augmentation}/.kept/ has second names of the shards (hard links), so that a job makes
         only those again that changed. It is no output: it may be deleted at any time.
"""


rule describe_augmentations:
    input:
        code=code("describe_augmentations"),
    output:
        "results/augmentations.csv",
    priority: 100
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        **settings("image_size"),
        augmentations=verbatim(as_json(config["augmentations"])),
    message:
        "Checking the configured augmentations."
    shell:
        command("params.augmentations,image_size output")


# The names of the augmentations, and the transforms of each with their arguments, as JSON.
EVERY_AUGMENTATION = {
    "augmentations": AUGMENTATIONS,
    "steps": verbatim([as_json(steps_of(entry)) for entry in config["augmentations"].values()]),
}


rule augment_views:
    input:
        **stored(originals="results/{dataset}/views/original/{shard}.tar"),
        code=code("augment_views"),
    output:
        **stored(output=every("results/{dataset}/views/{augmentation}/{shard}.tar", "augmentation")),
    wildcard_constraints:
        dataset=UNPAIRED,
    priority: FEEDING_IN_ORDER
    conda:
        "../envs/images.yaml"
    threads: augmenting_threads
    resources:
        **memory_and_runtime(augmenting_memory, minutes(per_view=0.05 * len(AUGMENTATIONS))),
    params:
        **settings("seed") | EVERY_AUGMENTATION,
    message:
        "Augmenting {wildcards.dataset}, shard {wildcards.shard}."
    shell:
        command("input.originals,code params.augmentations,steps,seed threads output.output")
