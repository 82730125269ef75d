"""Sentences on the verdicts of a run on the published claims."""

from collections.abc import Iterator, Sequence

from embedding_shift.claims import table, verdicts
from embedding_shift.paper import findings, latex
from embedding_shift.paper.findings import JudgedClaim
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, joined

TOPICS = {
    findings.SHIFT: "the size of the shift",
    findings.GROUPS: "groups of augmentations",
    findings.ATTENTION: "attention",
    findings.METRICS: "the relation between metrics",
}
SECTIONS = {topic: rf"Section~\ref{{sec:{topic}}}" for topic in TOPICS}
VERBS = {
    verdicts.SUPPORTED: "supports",
    verdicts.CONTRADICTED: "contradicts",
    verdicts.NOT_RESOLVED: "does not resolve",
    verdicts.NOT_TESTED: "does not test",
}

HEADS = {
    verdicts.SUPPORTED: "For this encoder and images like these, the data support {claims}:",
    verdicts.CONTRADICTED: "The data contradict {claims}, which should not be expected to hold here:",
    verdicts.NOT_RESOLVED: "The data do not resolve {claims}; a larger dataset may:",
    verdicts.NOT_TESTED: "This run says nothing about {claims}:",
}


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the tallies of verdicts, for all claims and per topic, and the list of claims per verdict."""
    judged = findings.judged_claims(inputs)
    yield ("claims_sentence",), _tally(judged, "published claim")
    yield ("untested_claims_sentence",), _untested(judged)
    for topic, words in TOPICS.items():
        of_topic = [item for item in judged if item.topic == topic]
        yield ("claims_on", topic, "sentence"), _tally(of_topic, "published claim", f" on {words}") if of_topic else ""
    yield ("attack_claims_sentence",), _on_attacks(inputs)
    discussed = [_discussed(judged, verdict) for verdict in verdicts.VERDICTS]
    yield ("claims_discussion",), "\n".join(filter(None, discussed))


def _tally(judged: Sequence[JudgedClaim], noun: str, topic: str = "") -> str:
    """Say how many claims the run supports, contradicts, does not resolve and does not test."""
    if not judged:
        return "The claims file of this run lists no published claim."
    found = [item.judgement.verdict for item in judged]
    counts = {verdict: found.count(verdict) for verdict in verdicts.VERDICTS if verdict in found}
    if len(judged) == 1:
        return f"This run {VERBS[found[0]]} the only {noun}{topic}."
    if len(counts) == 1:
        return f"This run {_every(found[0], len(judged))} {noun}s{topic}."
    verbs = joined([f"{VERBS[verdict]} {latex.number(count)}" for verdict, count in counts.items()])
    return f"Of the {counted(len(judged), noun)}{topic}, this run {verbs}."


def _every(verdict: str, count: int) -> str:
    """Return the verb for several claims that all have the same verdict, with their count."""
    if verdict == verdicts.NOT_RESOLVED:
        return f"resolves none of the {latex.number(count)}"
    if verdict == verdicts.NOT_TESTED:
        return f"tests none of the {latex.number(count)}"
    return f"{VERBS[verdict]} {'both' if count == 2 else f'all {latex.number(count)}'}"


def _untested(judged: Sequence[JudgedClaim]) -> str:
    """Give the reasons why claims were not tested."""
    reasons = _reasons(judged)
    if not reasons:
        return ""
    plural = "s" if len(reasons) > 1 else ""
    return f"The reason{plural} for not testing a claim: {latex.escape('; '.join(reasons))}."


def _reasons(judged: Sequence[JudgedClaim]) -> list[str]:
    """Return the different reasons why claims were not tested."""
    return list(dict.fromkeys(item.judgement.reason for item in judged if item.judgement.reason))


def _on_attacks(inputs: PaperInputs) -> str:
    """List the claims on attacks with their verdicts; in one sentence where none was tested for the same reason."""
    judged = [JudgedClaim(*pair) for pair in table.joined(inputs.published_claims.on_attacks, inputs.attack_claims)]
    if not judged:
        return ""
    reasons = _reasons(judged)
    if len(reasons) == 1 and all(item.judgement.reason for item in judged):
        return f"{_tally(judged, 'claim', ' on attacks').removesuffix('.')} ({latex.escape(reasons[0])})."
    items = "\n".join(f"\\item {_verdict(item)}" for item in judged)
    return f"{_tally(judged, 'claim', ' on attacks')}\n\\begin{{claimlist}}\n{items}\n\\end{{claimlist}}"


def _verdict(item: JudgedClaim) -> str:
    """Return the text of a claim with its source, the verdict and the effect."""
    interval = item.judgement.interval
    found = latex.escape(item.judgement.in_words)
    if interval:
        found += f", {latex.number(interval.effect)} {latex.interval(interval.low, interval.high)}"
        found += f", $n={item.judgement.n}$"
    return f"{latex.escape(item.claim.text.removesuffix('.'))} ({latex.escape(item.claim.source)}): {found}."


def _discussed(judged: Sequence[JudgedClaim], verdict: str) -> str:
    """List the claims of one verdict, each with what the run says about it and where it shows the evidence."""
    chosen = [item for item in judged if item.judgement.verdict == verdict]
    if not chosen:
        return ""
    same_reason = len(_reasons(chosen)) == 1
    items = "\n".join(f"\\item {_remark(item, with_reason=not same_reason)}" for item in chosen)
    head = HEADS[verdict].format(claims=counted(len(chosen), "published claim"))
    if same_reason:
        head = f"{head.removesuffix(':')} ({latex.escape(chosen[0].judgement.reason)}):"
    title = verdict.capitalize()
    return f"\\paragraph{{{title}.}}\n{head}\n\\begin{{claimlist}}\n{items}\n\\end{{claimlist}}"


def _remark(item: JudgedClaim, with_reason: bool) -> str:
    """Return the text of a claim and what its verdict means for it."""
    text = f"{latex.escape(item.claim.text.removesuffix('.'))} ({SECTIONS[item.topic]})."
    if item.judgement.verdict == verdicts.CONTRADICTED:
        return f"{text} This run shows instead: {latex.escape(item.claim.contradicted_by)}"
    if item.judgement.verdict == verdicts.NOT_RESOLVED and item.judgement.interval:
        side = "agrees with the claim" if item.judgement.interval.effect > 0 else "speaks against the claim"
        return f"{text} The estimate {side}, but its interval includes zero."
    if item.judgement.reason and with_reason:
        return f"{text} Reason: {latex.escape(item.judgement.reason)}."
    return text
