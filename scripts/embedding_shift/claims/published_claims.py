"""Read the claims ledger, `paper/claims.yaml`: every mistake is refused with its line."""

import re
from dataclasses import dataclass

import yaml

from embedding_shift.errors import InputError
from embedding_shift.metrics import registry

NAME = re.compile(r"[a-z][a-z0-9_]*")
IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TEXTS = ("id", "text", "source", "contradicted_by")


@dataclass(frozen=True)
class Kind:
    """What a kind of statement is made of.

    Attributes:
        required: its arguments, by name, each a key of READERS.
        optional: further arguments, which default to an empty list.
        on_metric: whether the claim names a metric.
    """

    required: dict
    optional: dict
    on_metric: bool


KINDS = {
    "larger_shift": Kind({"more": "names", "less": "names"}, {}, True),
    "among_largest": Kind({"augmentation": "name", "count": "count"}, {}, True),
    "among_smallest": Kind({"augmentation": "name", "count": "count"}, {}, True),
    "correlation": Kind({"with": "metric"}, {"except": "names"}, True),
    "singleton_cluster": Kind({"augmentation": "name"}, {}, False),
    "sub_cluster": Kind({"augmentations": "names"}, {}, False),
}


@dataclass(frozen=True)
class Claim:
    """A published claim as a testable statement.

    Attributes:
        id, text, source, contradicted_by: words for people.
        kind: a key of KINDS.
        arguments: of the kind.
        metric: name, or None where the kind needs none.
    """

    id: str
    text: str
    source: str
    contradicted_by: str
    kind: str
    arguments: dict
    metric: str | None


@dataclass(frozen=True)
class Ledger:
    """The claims, and the augmentations that "the most", "the least" and the dendrogram speak of."""

    augmentations: list[str]
    claims: list[Claim]


def read(path):
    """Return the Ledger in a YAML file.

    Raises:
        InputError: the file is absent or not a ledger; the message gives the line, what was found and what is allowed.
    """
    try:
        with open(path, encoding="utf-8") as file:
            root = yaml.compose(file, Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error}") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path}{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML: {error}") from None
    if root is None:
        raise InputError(f"{path} is empty; the keys augmentations and claims are needed")
    try:
        return _ledger(root)
    except _Mistake as mistake:
        raise InputError(f"{path}, line {mistake.line}: {mistake}") from None


class _Mistake(Exception):
    def __init__(self, node, message):
        super().__init__(message)
        self.line = node.start_mark.line + 1


def _ledger(root):
    entries = _mapping(root, "the ledger", ("augmentations", "claims"))
    pool = _names(entries["augmentations"], "augmentations")
    node = entries["claims"]
    if not isinstance(node, yaml.SequenceNode):
        raise _Mistake(node, f"'claims' must be a list, found {_shown(node)}")
    claims = []
    for item in node.value:
        claim = _claim(item)
        if claim.id in [earlier.id for earlier in claims]:
            raise _Mistake(item, f"the id {claim.id!r} is given twice; every claim needs an id of its own")
        claims.append(claim)
    return Ledger(pool, claims)


def _claim(node):
    entries = _mapping(node, "a claim", TEXTS, ("metric", *KINDS))
    texts = {key: _text(entries[key], key) for key in TEXTS}
    if not IDENTIFIER.fullmatch(texts["id"]):
        allowed = "lower-case letters, digits and single hyphens are allowed"
        raise _Mistake(entries["id"], f"'id': found {texts['id']!r}; {allowed}")
    kinds = [key for key in entries if key in KINDS]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        raise _Mistake(node, f"claim {texts['id']!r} needs one statement, found {found}; allowed are {_listed(KINDS)}")
    kind = KINDS[kinds[0]]
    if kind.on_metric != ("metric" in entries):
        need = "needs the key 'metric'" if kind.on_metric else "takes no 'metric'"
        raise _Mistake(node if kind.on_metric else entries["metric"], f"claim {texts['id']!r}: {kinds[0]!r} {need}")
    metric = _metric(entries["metric"], "metric") if kind.on_metric else None
    return Claim(**texts, kind=kinds[0], arguments=_arguments(entries[kinds[0]], kinds[0]), metric=metric)


def _arguments(node, name):
    kind = KINDS[name]
    entries = _mapping(node, f"{name!r}", kind.required, kind.optional)
    readers = kind.required | kind.optional
    arguments = dict.fromkeys(kind.optional, ()) | {
        key: READERS[readers[key]](value, f"{name}.{key}") for key, value in entries.items()
    }
    both = set(arguments.get("more", ())) & set(arguments.get("less", ()))
    if both:
        raise _Mistake(node, f"{name!r}: {min(both)!r} stands on both sides; no augmentation shifts more than itself")
    if name == "sub_cluster" and len(arguments["augmentations"]) < 2:
        raise _Mistake(node, "'sub_cluster.augmentations': a cluster needs two or more augmentations, found one")
    return arguments


def _mapping(node, what, required, optional=()):
    """Return {key: node}; all of `required` and nothing but `optional` beside them."""
    allowed = [*required, *optional]
    if not isinstance(node, yaml.MappingNode):
        raise _Mistake(node, f"{what} must be a mapping with the keys {_listed(allowed)}, found {_shown(node)}")
    entries = {}
    for key, value in node.value:
        if key.value not in allowed:
            raise _Mistake(key, f"{what}: unknown key {_shown(key)}; allowed are {_listed(allowed)}")
        if key.value in entries:
            raise _Mistake(key, f"{what}: the key {key.value!r} is given twice")
        entries[key.value] = value
    for key in required:
        if key not in entries:
            raise _Mistake(node, f"{what}: the key {key!r} is missing")
    return entries


def _text(node, key):
    if node.tag != "tag:yaml.org,2002:str" or not node.value.strip():
        raise _Mistake(node, f"{key!r} must be a text, found {_shown(node)}")
    return " ".join(node.value.split())


def _name(node, key):
    name = _text(node, key)
    if not NAME.fullmatch(name):
        allowed = "an augmentation's name is lower-case letters, digits and underscores, a letter first"
        raise _Mistake(node, f"{key!r}: found {name!r}; {allowed}")
    return name


def _names(node, key):
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _Mistake(node, f"{key!r} must be a list of augmentations, found {_shown(node)}")
    names = []
    for item in node.value:
        name = _name(item, key)
        if name in names:
            raise _Mistake(item, f"{key!r}: {name!r} is listed twice")
        names.append(name)
    return names


def _metric(node, key):
    name = _text(node, key)
    if name not in registry.REGISTRY:
        allowed = _listed(metric.name for metric in registry.in_order())
        raise _Mistake(node, f"{key!r}: unknown metric {name!r}; allowed are {allowed}")
    return name


def _count(node, key):
    if node.tag != "tag:yaml.org,2002:int" or not re.fullmatch(r"[1-9]\d{0,5}", node.value):
        raise _Mistake(node, f"{key!r} must be a whole number from 1, found {_shown(node)}")
    return int(node.value)


def _listed(names):
    return ", ".join(names)


def _shown(node):
    """Return what a node holds, for a message."""
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value) if node.value else "nothing"
    if isinstance(node, yaml.SequenceNode):
        return "a list" if node.value else "an empty list"
    return "a mapping"


READERS = {"name": _name, "names": _names, "metric": _metric, "count": _count}
