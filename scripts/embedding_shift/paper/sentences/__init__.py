r"""The generated sentences of the paper: every sentence that depends on the run, whole, as a macro.

The LaTeX sources place these macros and never build a sentence from parts. A sentence that does not apply to a run
becomes `\none`, which main.tex defines: it takes back the space before it.
"""

from collections.abc import Iterator

from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences import (
    adversarial,
    claims,
    damage,
    data,
    discussion,
    mechanism,
    metrics,
    named_parts,
    results,
    steps,
    study,
    words,
)

NOTHING = r"\none"


def all_sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the macros of all generated sentences."""
    for module in (
        data,
        metrics,
        claims,
        results,
        study,
        steps,
        mechanism,
        adversarial,
        words,
        named_parts,
        damage,
        discussion,
    ):
        for name, text in module.sentences(inputs):
            yield name, text or NOTHING
