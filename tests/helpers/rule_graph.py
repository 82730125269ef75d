"""The inputs of the rules, and the rules that run again after an edit of a file."""

import json
import re
from dataclasses import dataclass

# A Snakefile that includes the project's and writes the inputs of its rules to a file.
SNAKEFILE = """
from snakemake.io import is_flagged


include: "Snakefile"


def sources_of(inputs):
    # Functions return them; the record of a run has two such inputs.
    return [path for name in ("code", "sources") if callable(inputs.get(name)) for path in inputs[name](None)]


Path("rules.json").write_text(
    json.dumps(
        {
            each.name: [
                [*(str(path) for path in each.input if isinstance(path, str)), *sources_of(each.input)],
                any(is_flagged(path, "temp") for path in each.output),
            ]
            for each in workflow.rules
        }
    )
)
"""


@dataclass(frozen=True)
class RuleGraph:
    """The rules of a complete run.

    Attributes:
        inputs: {rule: the files and patterns that it reads}.
        temporary: the rules with outputs that are deleted once they have been read.
        edges: pairs of a rule and one that reads its output.
    """

    inputs: dict
    temporary: set
    edges: set

    @classmethod
    def of(cls, pipeline):
        """Return the RuleGraph of a Pipeline."""
        (pipeline / "rules.smk").write_text(SNAKEFILE)
        done = pipeline.run("--snakefile", "rules.smk", "--forceall", "--rulegraph", "dot", "--", "all")
        assert done.returncode == 0, done.stdout
        names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', done.stdout, re.MULTILINE))
        edges = re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE)
        described = json.loads((pipeline / "rules.json").read_text())
        return cls(
            {name: described[name][0] for name in names.values()},
            {name for name in names.values() if described[name][1]},
            {(names[source], names[target]) for source, target in edges},
        )

    def redone_after(self, path):
        """Return the rules that run again after an edit of the file `path`, given relative to the project."""
        redone = {rule for rule, inputs in self.inputs.items() if path in inputs}
        while True:
            after = {target for source, target in self.edges if source in redone}
            # A temporary file that a rule reads has been deleted and is made again.
            before = {source for source, target in self.edges if target in redone and source in self.temporary}
            if after | before <= redone:
                return redone
            redone = redone | after | before
