"""Name parts of an encoder by words (config: words, phrases).

input:   the encoded phrases and captions, results/{dataset}/{model}/text/{texts}.npz; what encoding captured of some
         images, results/{dataset}/{model}/captured/{view}/{part}.npz; ledger.csv
output:  results/{dataset}/{model}/head_words.csv, named_heads.csv, concept_words.csv, text_maps.csv,
         text_maps.npz
steps:   words of every head → what each named head writes of every shift; words of every dimension of the embedding;
         maps of the patches' similarity to the caption
"""

PHRASES = "results/{dataset}/{model}/text/phrases.npz"
TOWER = "results/models/{model}/tower.npz"


rule name_heads:
    input:
        captured=every(CAPTURED, "view", "part"),
        tower=TOWER,
        phrases=PHRASES,
        ledger="results/{dataset}/{model}/ledger.csv",
        code=code("name_heads"),
    output:
        **tables(head_words="head_words", named_heads="named_heads"),
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=2), allowance(60)),
    params:
        **READ_OUT_PARAMETERS,
    message:
        "Naming the heads of {wildcards.model} by what they see on {wildcards.dataset}."
    shell:
        command("input.captured,tower,phrases,ledger output.head_words,named_heads", params=READ_OUT_PARAMETERS)


rule name_concepts:
    input:
        captured=collect("results/{{dataset}}/{{model}}/captured/original/{part}.npz", part=PARTS),
        tower=TOWER,
        phrases=PHRASES,
        code=code("name_concepts"),
    output:
        "results/{dataset}/{model}/concept_words.csv",
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=2), allowance(10)),
    params:
        **READ_OUT_PARAMETERS | {"views": "original"},
    message:
        "Naming the dimensions of {wildcards.model} by what they tell apart on {wildcards.dataset}."
    shell:
        command("input.captured,tower,phrases output", params=READ_OUT_PARAMETERS)


rule map_texts:
    input:
        captured=every(CAPTURED, "view", "part"),
        tower=TOWER,
        phrases=PHRASES,
        captions="results/{dataset}/{model}/text/captions.npz",
        code=code("map_texts"),
    output:
        **tables(table="text_maps"),
        maps="results/{dataset}/{model}/text_maps.npz",
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=2), minutes(per_view=0.5)),
    params:
        **READ_OUT_PARAMETERS,
    message:
        "Mapping where {wildcards.model} sees the captions of {wildcards.dataset}."
    shell:
        command("input.captured,tower,phrases,captions output.table,maps", params=READ_OUT_PARAMETERS)
