"""The generated sentences of the paper: every sentence that depends on the run, whole, as a macro.

The LaTeX sources place these macros and never build a sentence from parts. A sentence that does not apply to a run is
an empty macro.
"""

from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences import claims, data, discussion, results, study


def all_sentences(inputs: PaperInputs) -> list[Macro]:
    """Return the macros of all generated sentences."""
    return [macro for module in (data, claims, results, study, discussion) for macro in module.sentences(inputs)]
