from snakemake.utils import min_version

min_version("9.0")


# Beside the Snakefile, so that the workflow runs from any folder.
configfile: f"{workflow.current_basedir.get_path_or_uri(secret_free=False)}/config.yaml"


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/counterparts_common.smk"
include: "rules/on_start.smk"
include: "rules/resources.smk"
include: "rules/study_common.smk"
include: "rules/mechanism_common.smk"
include: "rules/words_common.smk"
include: "rules/adversarial_common.smk"
include: "rules/figure_common.smk"
include: "rules/acquisition.smk"
include: "rules/data.smk"
include: "rules/views.smk"
include: "rules/counterparts.smk"
include: "rules/encoders.smk"
include: "rules/metrics.smk"
include: "rules/statistics.smk"
include: "rules/precision.smk"
include: "rules/study.smk"
include: "rules/mechanism.smk"
include: "rules/adversarial.smk"
include: "rules/words.smk"
include: "rules/named_parts.smk"
include: "rules/augmentation_card.smk"
include: "rules/comparison.smk"
include: "rules/figures.smk"
include: "rules/paper.smk"
include: "rules/record_common.smk"
include: "rules/record.smk"
include: "rules/explorer_common.smk"
include: "rules/explorer.smk"
include: "rules/handover.smk"
include: "rules/performance.smk"
include: "rules/job_files.smk"


rule all:
    default_target: True
    input:
        final_targets(),
    message:
        "Everything that the paper is made of is there."
