"""Hand the run over. `make paper-source` asks for the archive; it is no part of a complete run.

input:   paper/, results/numbers.tex, results/tables/, figures as PDF
output:  results/paper-source.tar.gz
"""


rule pack_paper_source:
    input:
        **TYPESET_INPUTS,
        code=code("pack_paper_source"),
    output:
        "results/paper-source.tar.gz",
    localrule: True  # it needs LaTeX, or a network for its packages
    conda:
        "../envs/paper.yaml"
    params:
        paper_folder=lambda wildcards, input: Path(input.main).parent,
    message:
        "Packing the sources of the paper, {output}."
    shell:
        command("params.paper_folder input.numbers,tables,figures output")
