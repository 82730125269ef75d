"""A diagram of the workflow in Mermaid, simplified from the graph of rules that Snakemake prints."""

import re
from graphlib import TopologicalSorter

from embedding_shift.errors import InputError

NODE = re.compile(r"^\s*(?P<key>id\d+)\[(?P<rule>\w+)\]$", re.MULTILINE)
EDGE = re.compile(r"^\s*(?P<source>id\d+) --> (?P<target>id\d+)$", re.MULTILINE)
# Rules that work side by side share a node: the diagram would be crowded otherwise.
TOGETHER = dict.fromkeys(("write_numbers", "write_paper_tables", "draw_texts", "record_run"), "tables")
# Rules whose names begin alike share a node as well.
FAMILIES = {"plot_": "figures", "read_out_": "mechanism"}
LABELS = [
    '    figures["plot_* (one rule per figure)"]',
    '    mechanism["read_out_* (one rule per table)"]',
    '    tables["write_numbers, write_paper_tables, draw_texts, record_run"]',
]


def simplified(graph: str) -> str:
    """Return the graph of rules as a Mermaid block: one node for a family of rules, neither `all` nor redundant edges.

    Args:
        graph: output of `snakemake --rulegraph mermaid-js`.

    Raises:
        InputError: `graph` holds no rules.
    """
    names = {match["key"]: _name(match["rule"]) for match in NODE.finditer(graph)}
    if not names:
        raise InputError("there is no graph of rules; it comes from `snakemake --rulegraph mermaid-js`")
    following: dict[str, set[str]] = {name: set() for name in names.values() if name != "all"}
    for match in EDGE.finditer(graph):
        source, target = names[match["source"]], names[match["target"]]
        if target not in ("all", source):
            following[source].add(target)
    from_last = TopologicalSorter({rule: sorted(following[rule]) for rule in sorted(following)}).static_order()
    rules = reversed(list(from_last))
    edges = [f"    {rule} --> {after}" for rule in rules for after in sorted(_direct(rule, following))]
    return "\n".join(["```mermaid", "flowchart TD", *LABELS, *edges, "```"])


def _name(rule: str) -> str:
    family = next((name for prefix, name in FAMILIES.items() if rule.startswith(prefix)), rule)
    return TOGETHER.get(rule, family)


def _direct(rule: str, following: dict[str, set[str]]) -> set[str]:
    """Return the rules that follow `rule` directly and by no longer path."""
    return following[rule].difference(*(_later(after, following) for after in following[rule]))


def _later(rule: str, following: dict[str, set[str]]) -> set[str]:
    """Return every rule that follows `rule`, directly or not."""
    return following[rule].union(*(_later(after, following) for after in following[rule]))
