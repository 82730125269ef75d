"""Look inside the encoder: where a shift is written, and what becomes of neighbours and concepts (config: mechanism).

input:   what encoding captured of some images, results/{dataset}/{model}/captured/{view}/{part}.npz;
         paper/claims.yaml
output:  results/{dataset}/{model}/{table}.csv for every module in scripts/embedding_shift/mechanism/readouts, and
         results/{dataset}/{model}/related_claims.csv
steps:   weights of the encoder's read-out → one table per read-out → verdicts on claims of the related work
"""


rule export_tower:
    input:
        **BUNDLE,
        code=code("export_tower"),
    output:
        "results/models/{model}/tower.npz",
    conda:
        "../envs/encode.yaml"
    resources:
        **memory_and_runtime(encoding_memory, allowance(10)),
    params:
        bundle=bundle,
    message:
        "Writing the weights of the read-out of {wildcards.model}."
    shell:
        command("params.bundle output")


READ_OUT_PARAMETERS = {
    **settings("mechanism.neighbours"),
    "views": VIEWS,
    "precision": lookup(within=config, dpath="models/{model}/precision"),
    "bootstrap": BOOTSTRAP,
}

for read_out in READ_OUTS:

    rule:
        name:
            f"read_out_{read_out}"
        input:
            captured=every(CAPTURED, "view", "part"),
            tower="results/models/{model}/tower.npz",
            code=code("read_out_mechanism", [f"embedding_shift.mechanism.readouts.{read_out}"]),
        output:
            f"results/{{dataset}}/{{model}}/{read_out}.csv",
        conda:
            "../envs/images.yaml"
        resources:
            **memory_and_runtime(memory(per_mb=2), minutes(per_view=0.5)),
        params:
            **READ_OUT_PARAMETERS,
            read_out=read_out,
        message:
            f"Reading out the {read_out} of {{wildcards.model}} on {{wildcards.dataset}}."
        shell:
            command("params.read_out input.captured,tower output", params=READ_OUT_PARAMETERS)


rule judge_related_claims:
    input:
        published_claims=project_file("paper/claims.yaml"),
        shares="results/{dataset}/{model}/image_shares.csv",
        code=code("judge_related_claims"),
    output:
        "results/{dataset}/{model}/related_claims.csv",
    conda:
        "../envs/analysis.yaml"
    resources:
        **memory_and_runtime(memory(per_mb=6), allowance(10)),
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Judging the related work's claims by {wildcards.model} on {wildcards.dataset}."
    shell:
        command("input.published_claims,shares params.bootstrap output")
