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
    log:
        "logs/describe_augmentations.log",
    priority: 100
    localrule: True
    conda:
        "../envs/images.yaml"
    params:
        augmentations=verbatim(as_json(config["augmentations"])),
        image_size=config["image_size"],
    message:
        "Checking the configured augmentations."
    shell:
        command("--augmentations {params.augmentations:q} --image-size {params.image_size} --output {output:q}")


rule augment_views:
    input:
        originals="results/{dataset}/views/original/{shard}.tar",
        checksum="results/{dataset}/views/original/{shard}.tar.sha256",
        code=code("augment_views"),
    output:
        shard="results/{dataset}/views/{augmentation}/{shard}.tar",
        checksum="results/{dataset}/views/{augmentation}/{shard}.tar.sha256",
    log:
        "logs/{dataset}/augment_views/{augmentation}/{shard}.log",
    benchmark:
        "benchmarks/{dataset}/augment_views/{augmentation}/{shard}.tsv"
    priority: FEEDING
    conda:
        "../envs/images.yaml"
    resources:
        mem_mb=memory(),
        runtime=minutes(per_view=0.05),
    params:
        steps=augmentation_steps,
        seed=config["seed"],
    message:
        "Augmenting {wildcards.dataset}, shard {wildcards.shard}: {wildcards.augmentation}."
    shell:
        command(
            "--originals {input.originals:q} --augmentation {wildcards.augmentation}"
            " --steps {params.steps:q} --seed {params.seed}"
            " --output {output.shard:q}"
        )
