"""Read the published claims from `paper/claims.yaml`; a mistake in it is refused with its line."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import yaml

from embedding_shift.errors import InputError
from embedding_shift.metrics import registry

NAME = re.compile(r"[a-z][a-z0-9_]*")
IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TEXTS = ("id", "text", "source", "contradicted_by")


@dataclass(frozen=True)
class Kind:
    """The form of one kind of statement.

    Attributes:
        required: the arguments that it needs: name → key of READERS.
        optional: the arguments that it may have besides; by default, each is an empty list.
        on_metric: whether the claim names a metric.
    """

    required: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)
    on_metric: bool = True


KINDS = {
    "larger_shift": Kind({"more": "names", "less": "names"}),
    "among_largest": Kind({"augmentation": "name", "count": "count"}),
    "among_smallest": Kind({"augmentation": "name", "count": "count"}),
    "correlation": Kind({"with": "metric"}, {"except": "names"}),
    "singleton_cluster": Kind({"augmentation": "name"}, on_metric=False),
    "sub_cluster": Kind({"augmentations": "names"}, on_metric=False),
}
# The kinds of the related work's claims, which need a look inside the encoder.
RELATED_KINDS = {"larger_share": Kind({"more": "writer", "less": "writer"}, on_metric=False)}
# The kinds of the claims on words, which need a text tower.
WORD_KINDS = {"towards_prompt": Kind({"augmentation": "name", "prompt": "name"}, on_metric=False)}
# The kinds of the claims on attacks, which need an attack at an ε.
ATTACK_KINDS = {
    kind: Kind({"epsilon": "count"}, on_metric=False)
    for kind in ("exceeds_augmentations", "exceeds_random_signs", "transfers")
} | {"told_by": Kind({"score": "score", "epsilon": "count"}, on_metric=False)}
SCORES = ("size", "direction", "ledger", "layer")  # of `detection.csv`
WRITERS = ("heads", "mlps", "last_quarter", "rest")  # columns of `image_shares.csv`
# The optional lists of a claims file, with the kinds of their claims.
OTHER_CLAIMS = {"related_claims": RELATED_KINDS, "word_claims": WORD_KINDS, "attack_claims": ATTACK_KINDS}


@dataclass(frozen=True)
class Claim:
    """A published claim as a statement that a run can test.

    Attributes:
        id: lower-case words joined by hyphens.
        text: the claim in plain words.
        source: where it is made: a place in the original paper, a related paper, or this project.
        contradicted_by: what would contradict it, in plain words.
        kind: a key of KINDS, RELATED_KINDS, WORD_KINDS or ATTACK_KINDS.
        arguments: those of the kind.
        metric: its name; empty where the kind needs none.
    """

    id: str
    text: str
    source: str
    contradicted_by: str
    kind: str
    arguments: Mapping[str, Any]
    metric: str = ""


@dataclass(frozen=True)
class PublishedClaims:
    """The content of a claims file.

    Attributes:
        augmentations: the augmentations that "the most", "the least" and the dendrogram refer to.
        claims: those of the original paper, in the order of the file.
        related_claims: those of the related work, in the order of the file.
        word_claims: those on the shift in words, in the order of the file.
        attack_claims: those on attacks, in the order of the file.
    """

    augmentations: Sequence[str]
    claims: Sequence[Claim]
    related_claims: Sequence[Claim] = ()
    word_claims: Sequence[Claim] = ()
    attack_claims: Sequence[Claim] = ()

    @property
    def on_attacks(self) -> "PublishedClaims":
        """The claims on attacks, as the claims of a file of their own."""
        return replace(self, claims=self.attack_claims)

    def claim(self, name: str) -> Claim:
        """Return the claim with this id.

        Raises:
            InputError: there is none.
        """
        for claim in self.claims:
            if claim.id == name:
                return claim
        raise InputError(f"there is a verdict on the claim {name!r}, which the claims file does not have")


def read(path: str) -> PublishedClaims:
    """Return the content of a claims file, YAML.

    Raises:
        InputError: the file is absent or not a claims file; the message gives the line, what was found and what is
            allowed.
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
        raise InputError(f"{path} is empty; it must have the keys augmentations and claims")
    try:
        return _content(root)
    except _Mistake as mistake:
        raise InputError(f"{path}, line {mistake.line}: {mistake}") from None


class _Mistake(Exception):
    """A node of the YAML file is not what it must be."""

    def __init__(self, node: yaml.Node, message: str) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1


def _content(root: yaml.Node) -> PublishedClaims:
    entries = _mapping(root, "the claims file", ("augmentations", "claims"), OTHER_CLAIMS)
    pool = _names(entries["augmentations"], "augmentations")
    claims = _claims(entries["claims"], "claims", KINDS)
    others = {key: _claims(entries[key], key, kinds) for key, kinds in OTHER_CLAIMS.items() if key in entries}
    return PublishedClaims(pool, claims, **others)


def _claims(node: yaml.Node, key: str, kinds: Mapping[str, Kind]) -> list[Claim]:
    if not isinstance(node, yaml.SequenceNode):
        raise _Mistake(node, f"{key!r} must be a list, found {_shown(node)}")
    claims: list[Claim] = []
    for item in node.value:
        claim = _claim(item, kinds)
        if claim.id in [earlier.id for earlier in claims]:
            raise _Mistake(item, f"the id {claim.id!r} is given twice; every claim needs its own id")
        claims.append(claim)
    return claims


def _claim(node: yaml.Node, allowed_kinds: Mapping[str, Kind]) -> Claim:
    entries = _mapping(node, "a claim", TEXTS, ("metric", *allowed_kinds))
    texts = {key: _text(entries[key], key) for key in TEXTS}
    if not IDENTIFIER.fullmatch(texts["id"]):
        allowed = "lower-case letters, digits and single hyphens are allowed"
        raise _Mistake(entries["id"], f"'id': found {texts['id']!r}; {allowed}")
    kinds = [key for key in entries if key in allowed_kinds]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        raise _Mistake(
            node, f"claim {texts['id']!r} needs one statement, found {found}; allowed are {_listed(allowed_kinds)}"
        )
    kind = allowed_kinds[kinds[0]]
    if kind.on_metric != ("metric" in entries):
        need = "needs the key 'metric'" if kind.on_metric else "takes no 'metric'"
        raise _Mistake(node if kind.on_metric else entries["metric"], f"claim {texts['id']!r}: {kinds[0]!r} {need}")
    metric = _metric(entries["metric"], "metric") if kind.on_metric else ""
    return Claim(**texts, kind=kinds[0], arguments=_arguments(entries[kinds[0]], kinds[0], kind), metric=metric)


def _arguments(node: yaml.Node, name: str, kind: Kind) -> dict[str, Any]:
    entries = _mapping(node, f"{name!r}", kind.required, kind.optional)
    readers = {**kind.required, **kind.optional}
    arguments: dict[str, Any] = dict.fromkeys(kind.optional, ())
    arguments |= {key: READERS[readers[key]](value, f"{name}.{key}") for key, value in entries.items()}
    if name == "larger_shift":
        both = set(arguments["more"]) & set(arguments["less"])
        if both:
            raise _Mistake(node, f"{name!r}: {min(both)!r} is on both sides; no augmentation shifts more than itself")
    if name == "larger_share" and arguments["more"] == arguments["less"]:
        raise _Mistake(node, f"{name!r}: {arguments['more']!r} is on both sides; no part writes more than itself")
    if name == "sub_cluster" and len(arguments["augmentations"]) < 2:
        raise _Mistake(node, "'sub_cluster.augmentations': a cluster needs two or more augmentations, found one")
    return arguments


def _mapping(node: yaml.Node, what: str, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, yaml.Node]:
    """Return the node of every key; all `required` keys must be there, and no others but the `optional` ones."""
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


def _text(node: yaml.Node, key: str) -> str:
    if node.tag != "tag:yaml.org,2002:str" or not node.value.strip():
        raise _Mistake(node, f"{key!r} must be a text, found {_shown(node)}")
    return " ".join(node.value.split())


def _name(node: yaml.Node, key: str) -> str:
    name = _text(node, key)
    if not NAME.fullmatch(name):
        allowed = "an augmentation's name is lower-case letters, digits and underscores, and begins with a letter"
        raise _Mistake(node, f"{key!r}: found {name!r}; {allowed}")
    return name


def _names(node: yaml.Node, key: str) -> list[str]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _Mistake(node, f"{key!r} must be a list of augmentations, found {_shown(node)}")
    names: list[str] = []
    for item in node.value:
        name = _name(item, key)
        if name in names:
            raise _Mistake(item, f"{key!r}: {name!r} is listed twice")
        names.append(name)
    return names


def _metric(node: yaml.Node, key: str) -> str:
    name = _text(node, key)
    if name not in registry.REGISTRY:
        allowed = _listed(metric.name for metric in registry.in_order())
        raise _Mistake(node, f"{key!r}: unknown metric {name!r}; allowed are {allowed}")
    return name


def _one_of(what: str, allowed: Iterable[str], node: yaml.Node, key: str) -> str:
    name = _text(node, key)
    if name not in allowed:
        raise _Mistake(node, f"{key!r}: unknown {what} {name!r}; allowed are {_listed(allowed)}")
    return name


def _count(node: yaml.Node, key: str) -> int:
    if node.tag != "tag:yaml.org,2002:int" or not re.fullmatch(r"[1-9]\d{0,5}", node.value):
        raise _Mistake(node, f"{key!r} must be a whole number from 1, found {_shown(node)}")
    return int(node.value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _shown(node: yaml.Node) -> str:
    """Return the content of a node as messages show it."""
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value) if node.value else "nothing"
    if isinstance(node, yaml.SequenceNode):
        return "a list" if node.value else "an empty list"
    return "a mapping"


READERS: dict[str, Callable[[yaml.Node, str], Any]] = {
    "name": _name,
    "names": _names,
    "metric": _metric,
    "count": _count,
    "writer": partial(_one_of, "part", WRITERS),
    "score": partial(_one_of, "score", SCORES),
}
