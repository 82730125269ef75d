"""Draw the figures that read tables.

input:   results/augmentations.csv and summary.csv, metrics.parquet or pairwise_distance.csv of a dataset and encoder
output:  results/{dataset}/{model}/figures/{name}.pdf and .png for every name in FIGURES
"""

FIGURES = [
    "metric_heatmap",
    "l2_kde",
    "cosine_distribution",
    "dendrogram",
    "radar",
    "metric_profiles",
    "l2_bars",
    "metric_clustermap",
    "metric_comparison",
    "cosine_samples",
]


rule plot_metric_heatmap:
    input:
        summary="results/{dataset}/{model}/summary.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_metric_heatmap"),
    output:
        pdf="results/{dataset}/{model}/figures/metric_heatmap.pdf",
        png=report(
            "results/{dataset}/{model}/figures/metric_heatmap.png",
            caption="../report/metric_heatmap.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Metrics by augmentation, sorted"},
        ),
    log:
        "logs/{dataset}/{model}/plot_metric_heatmap.log",
    conda:
        "../envs/analysis.yaml"
    message:
        "Drawing the heatmap of metrics of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--summary {input.summary:q}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )


use rule plot_metric_heatmap as plot_metric_clustermap with:
    input:
        summary="results/{dataset}/{model}/summary.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_metric_clustermap"),
    output:
        pdf="results/{dataset}/{model}/figures/metric_clustermap.pdf",
        png=report(
            "results/{dataset}/{model}/figures/metric_clustermap.png",
            caption="../report/metric_clustermap.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Metrics by augmentation, clustered"},
        ),
    log:
        "logs/{dataset}/{model}/plot_metric_clustermap.log",
    message:
        "Drawing the clustered heatmap of metrics of {wildcards.model} on {wildcards.dataset}."


use rule plot_metric_heatmap as plot_radar with:
    input:
        summary="results/{dataset}/{model}/summary.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_radar"),
    output:
        pdf="results/{dataset}/{model}/figures/radar.pdf",
        png=report(
            "results/{dataset}/{model}/figures/radar.png",
            caption="../report/radar.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Radar of every augmentation"},
        ),
    log:
        "logs/{dataset}/{model}/plot_radar.log",
    message:
        "Drawing a radar of every augmentation of {wildcards.model} on {wildcards.dataset}."


use rule plot_metric_heatmap as plot_metric_profiles with:
    input:
        summary="results/{dataset}/{model}/summary.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_metric_profiles"),
    output:
        pdf="results/{dataset}/{model}/figures/metric_profiles.pdf",
        png=report(
            "results/{dataset}/{model}/figures/metric_profiles.png",
            caption="../report/metric_profiles.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Profile of every augmentation, ranked"},
        ),
    log:
        "logs/{dataset}/{model}/plot_metric_profiles.log",
    message:
        "Drawing the profile of every augmentation of {wildcards.model} on {wildcards.dataset}."


use rule plot_metric_heatmap as plot_metric_comparison with:
    input:
        summary="results/{dataset}/{model}/summary.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_metric_comparison"),
    output:
        pdf="results/{dataset}/{model}/figures/metric_comparison.pdf",
        png=report(
            "results/{dataset}/{model}/figures/metric_comparison.png",
            caption="../report/metric_comparison.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "All metrics side by side"},
        ),
    log:
        "logs/{dataset}/{model}/plot_metric_comparison.log",
    message:
        "Drawing all metrics side by side of {wildcards.model} on {wildcards.dataset}."


rule plot_l2_bars:
    input:
        summary="results/{dataset}/{model}/summary.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_l2_bars"),
    output:
        pdf="results/{dataset}/{model}/figures/l2_bars.pdf",
        png=report(
            "results/{dataset}/{model}/figures/l2_bars.png",
            caption="../report/l2_bars.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Mean L2 distance"},
        ),
    log:
        "logs/{dataset}/{model}/plot_l2_bars.log",
    conda:
        "../envs/analysis.yaml"
    params:
        confidence=config["bootstrap"]["confidence"],
    message:
        "Drawing the mean L2 distance of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--summary {input.summary:q} --confidence {params.confidence}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )


rule plot_l2_kde:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        augmentations="results/augmentations.csv",
        code=code("plot_l2_kde"),
    output:
        pdf="results/{dataset}/{model}/figures/l2_kde.pdf",
        png=report(
            "results/{dataset}/{model}/figures/l2_kde.png",
            caption="../report/l2_kde.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Density of the L2 distance"},
        ),
    log:
        "logs/{dataset}/{model}/plot_l2_kde.log",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=20),
        runtime=allowance(60),
    message:
        "Drawing the density of the L2 distance of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--metrics {input.metrics:q}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )


use rule plot_l2_kde as plot_cosine_distribution with:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        augmentations="results/augmentations.csv",
        code=code("plot_cosine_distribution"),
    output:
        pdf="results/{dataset}/{model}/figures/cosine_distribution.pdf",
        png=report(
            "results/{dataset}/{model}/figures/cosine_distribution.png",
            caption="../report/cosine_distribution.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Distribution of cosine similarity"},
        ),
    log:
        "logs/{dataset}/{model}/plot_cosine_distribution.log",
    message:
        "Drawing the distribution of cosine similarity of {wildcards.model} on {wildcards.dataset}."


rule plot_cosine_samples:
    input:
        metrics="results/{dataset}/{model}/metrics.parquet",
        augmentations="results/augmentations.csv",
        code=code("plot_cosine_samples"),
    output:
        pdf="results/{dataset}/{model}/figures/cosine_samples.pdf",
        png=report(
            "results/{dataset}/{model}/figures/cosine_samples.png",
            caption="../report/cosine_samples.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Cosine similarity image by image"},
        ),
    log:
        "logs/{dataset}/{model}/plot_cosine_samples.log",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=memory(per_mb=20),
        runtime=allowance(60),
    params:
        samples=config["figures"]["cosine_samples"],
    message:
        "Drawing cosine similarity image by image of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--metrics {input.metrics:q} --samples {params.samples}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )


rule plot_dendrogram:
    input:
        distance="results/{dataset}/{model}/pairwise_distance.csv",
        augmentations="results/augmentations.csv",
        code=code("plot_dendrogram"),
    output:
        pdf="results/{dataset}/{model}/figures/dendrogram.pdf",
        png=report(
            "results/{dataset}/{model}/figures/dendrogram.png",
            caption="../report/dendrogram.rst",
            category="Figures",
            labels={"dataset": "{dataset}", "model": "{model}", "figure": "Dendrogram of the augmentations"},
        ),
    log:
        "logs/{dataset}/{model}/plot_dendrogram.log",
    conda:
        "../envs/analysis.yaml"
    message:
        "Drawing the dendrogram of the augmentations of {wildcards.model} on {wildcards.dataset}."
    shell:
        command(
            "--distance {input.distance:q}"
            " --augmentations {input.augmentations:q} --pdf {output.pdf:q} --png {output.png:q}"
        )
