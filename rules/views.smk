"""Make the augmented views.

input:   results/{dataset}/views/original/{shard}.tar, the augmentation's entry (config: augmentations)
output:  results/augmentations.csv, results/{dataset}/views/{augmentation}/{shard}.tar
steps:   check every entry → augment, per augmentation and shard
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


rule augment_views:
    input:
        **stored(originals="results/{dataset}/views/original/{shard}.tar"),
        code=code("augment_views"),
    output:
        **stored(output="results/{dataset}/views/{augmentation}/{shard}.tar"),
    wildcard_constraints:
        dataset=UNPAIRED,
    priority: FEEDING_IN_ORDER
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(), minutes(per_view=0.05)),
    params:
        **settings("seed"),
        steps=augmentation_steps,
    message:
        "Augmenting {wildcards.dataset}, shard {wildcards.shard}: {wildcards.augmentation}."
    shell:
        command("input.originals wildcards.augmentation params.steps,seed output.output")
