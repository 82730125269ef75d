"""Tell in words where embeddings move, and what becomes of captions and classes (config: words).

input:   the model's bundle, the file of prompts, results/{dataset}/manifest.csv,
         results/{dataset}/{model}/embeddings/{view}.npz
         paper/claims.yaml
output:  results/{dataset}/{model}/text/{texts}.npz, words.csv, word_claims.csv, text_damage.csv, dose_damage.csv,
         damage_forecast.csv; of all encoders on the first dataset, results/text_damage.csv, dose_damage.csv,
         damage_forecast.csv
steps:   encode the texts of a set → compare every shift with every prompt → verdicts on the claims on words; measure the
         damage to captions and classes → join that of all encoders
"""


rule encode_texts:
    input:
        **BUNDLE,
        source=text_source,
        code=code("encode_texts"),
    output:
        "results/{dataset}/{model}/text/{texts}.npz",
    wildcard_constraints:
        texts="|".join(TEXT_SOURCES),
    localrule: True  # it reads files of the tokenizer beside the bundle, which are no outputs of a rule
    conda:
        "../envs/encode.yaml"
    threads: encoding_threads
    params:
        bundle=bundle,
        source=lambda wildcards: TEXT_SOURCES[wildcards.texts].format(**wildcards),
    message:
        "Encoding the {wildcards.texts} of {wildcards.dataset} with {wildcards.model}."
    shell:
        command("params.bundle --texts {wildcards.texts:q} params.source threads output")


rule score_words:
    input:
        texts="results/{dataset}/{model}/text/prompts.npz",
        original="results/{dataset}/{model}/embeddings/original.npz",
        views=every("results/{dataset}/{model}/embeddings/{augmentation}.npz", "augmentation"),
        code=code("score_words"),
    output:
        report("results/{dataset}/{model}/words.csv", **table_report("words", "The shift in words")),
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=4), allowance(10)),
    params:
        **settings("seed"),
        prompts=lambda wildcards: TEXT_SOURCES["prompts"],
        augmentations=AUGMENTATIONS,
    message:
        "Telling the shifts of {wildcards.model} on {wildcards.dataset} in words."
    shell:
        command("input.texts,original,views params.prompts,augmentations,seed output")


rule judge_word_claims:
    input:
        published_claims=project_file("paper/claims.yaml"),
        words="results/{dataset}/{model}/words.csv",
        code=code("judge_word_claims"),
    output:
        "results/{dataset}/{model}/word_claims.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=6), allowance(10)),
    message:
        "Judging the claims on words by {wildcards.model} on {wildcards.dataset}."
    shell:
        command("input.published_claims,words output")


DAMAGE_INPUTS = {
    "captions": "results/{dataset}/{model}/text/captions.npz",
    "classes": "results/{dataset}/{model}/text/classes.npz",
    "manifest": "results/{dataset}/manifest.csv",
    "original": "results/{dataset}/{model}/embeddings/original.npz",
    "views": every("results/{dataset}/{model}/embeddings/{augmentation}.npz", "augmentation"),
    "study": every("results/{dataset}/{model}/study/encoded/{augmentation}.npz", "augmentation") if STUDY else [],
}


rule score_damage:
    input:
        **BUNDLE,
        **DAMAGE_INPUTS,
        code=code("score_damage"),
    output:
        **tables("dose_damage", damage="text_damage", forecast="damage_forecast"),
    conda:
        "../envs/images.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=4), allowance(60)),
    params:
        **{"bundle": bundle, "augmentations": AUGMENTATIONS, "bootstrap": BOOTSTRAP},
    message:
        "Measuring what augmentations do to the captions and classes of {wildcards.model} on {wildcards.dataset}."
    shell:
        command("params.bundle,augmentations,bootstrap output.damage,dose_damage,forecast", input=DAMAGE_INPUTS)


rule join_damage:
    input:
        damages=collect("results/{dataset}/{model}/text_damage.csv", dataset=DATASETS[0], model=MODELS),
        forecasts=collect("results/{dataset}/{model}/damage_forecast.csv", dataset=DATASETS[0], model=MODELS),
        dose_damages=collect("results/{dataset}/{model}/dose_damage.csv", dataset=DATASETS[0], model=MODELS),
        code=code("join_damage"),
    output:
        damage="results/text_damage.csv",
        forecast="results/damage_forecast.csv",
        dose_damage="results/dose_damage.csv",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        models=MODELS,
    message:
        "Joining the damage of all encoders."
    shell:
        command("params.models input.damages,forecasts,dose_damages output.damage,forecast,dose_damage")
