"""Write the card of every augmentation: what a person who chooses augmentations asks of each.

input:   embeddings of the originals and of the study's views, and the tables of all stages that are on
output:  results/{dataset}/{model}/dose_neighbours.csv, augmentation_card.csv
steps:   neighbours kept at each dose → the card
"""


rule tabulate_dose_neighbours:
    input:
        original="results/{dataset}/{model}/embeddings/original.npz",
        encoded=every("results/{dataset}/{model}/study/encoded/{augmentation}.npz", "augmentation"),
        code=code("tabulate_dose_neighbours"),
    output:
        "results/{dataset}/{model}/dose_neighbours.csv",
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=8), allowance(60)),
    params:
        **settings("mechanism.neighbours"),
        augmentations=AUGMENTATIONS,
        bootstrap=BOOTSTRAP,
    message:
        "Comparing the neighbours of images of {wildcards.dataset} at each dose with {wildcards.model}."
    shell:
        command("input.original,encoded params.augmentations,neighbours,bootstrap output")


# The tables of stages that may be off, by the names of the script's options.
CARD_INPUTS = {
    name: f"results/{{dataset}}/{{model}}/{name}.csv"
    for name, is_on in {
        "summary": True,
        "noise_floor": True,
        "dose_start": True,
        "dose_neighbours": True,
        "dose_damage": DAMAGE,
        "exchange_rate": ADVERSARIAL,
        "fingerprint": MECHANISM,
    }.items()
    if is_on
}


rule write_augmentation_card:
    input:
        **CARD_INPUTS,
        code=code("write_augmentation_card"),
    output:
        "results/{dataset}/{model}/augmentation_card.csv",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        augmentations=AUGMENTATIONS,
    message:
        "Writing the cards of the augmentations for {wildcards.model} on {wildcards.dataset}."
    shell:
        command("params.augmentations output", input=CARD_INPUTS)
