"""The theory as model syntax, with what it assumes written beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pandas as pd

from trustmeasure.theory.arrows import METZ, PROJECT, Arrow
from trustmeasure.theory.constructs import GENERAL, STAGE_TITLES, STAGES, Construct
from trustmeasure.theory.variants import CLAIMS, THEORY, Variant

_WIDTH = 92


def write_syntax(variant: Variant) -> str:
    """Write the model."""
    blocks = [
        _heading(variant),
        _measurement(variant),
        _structure(variant),
        _covariances(variant),
        _chains(variant),
        _contrasts(variant),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _sum(terms: list[str], indent: int) -> str:
    """Join terms by plus signs over as many lines as they need."""
    text = textwrap.fill(
        " + ".join(terms), _WIDTH - indent, break_long_words=False, break_on_hyphens=False
    )
    return text.replace("\n", "\n" + " " * indent)


def _heading(variant: Variant) -> list[str]:
    kind = "The theory" if variant.name == THEORY else f"A rival of the theory, '{variant.name}'"
    return _comment(f"{kind}: {CLAIMS[variant.name]}") + _comment(
        "Every arrow is an assumption about cause and order, which answers taken at one time "
        "cannot test. Status and source of each stand beside it."
    )


def _measurement(variant: Variant) -> list[str]:
    lines = []
    for part in variant.parts.values():
        if part.latent:
            lines.append(f"{part.name} =~ {_sum(list(part.indicators), len(part.name) + 4)}")
            lines += _paired_residuals(part)
        elif part.key in variant.corrections:
            error = variant.corrections[part.key]
            lines.append(f"{variant.variable(part.key)} =~ 1*{part.name}")
            lines.append(f"{part.name} ~~ {error:.10g}*{part.name}")
    if not lines:
        return _comment("Scores stand for constructs as if measured without error.")
    if variant.corrections:
        lead = "Each score measures its construct with the error that its reliability leaves."
    else:
        lead = "What measures what."
    return _comment(lead) + lines


def _paired_residuals(part: Construct) -> list[str]:
    """Let "how often" and "how well" of the same behaviour share what the scale does not say."""
    if part.parcels is not None:
        return []
    ends = ("_often", "_well")
    pairs = [
        (item, item.removesuffix(ends[0]) + ends[1])
        for item in part.indicators
        if item.endswith(ends[0])
    ]
    return [f"{a} ~~ {b}" for a, b in pairs if b in part.indicators]


def _structure(variant: Variant) -> list[str]:
    lines: list[str] = []
    for stage in STAGES[1:]:
        own = [part for part in variant.parts.values() if part.stage == stage]
        arrows = {
            part.key: [arrow for arrow in variant.arrows if arrow.effect == part.key]
            for part in own
        }
        title = f"To {STAGE_TITLES[stage]}."
        if any(arrow.status == "published" for these in arrows.values() for arrow in these):
            title += f" Order of the stages: published ({METZ}); each single arrow: a reading."
        lines += ["", *_comment(title)]
        for part in own:
            for said in dict.fromkeys(_remark(arrow) for arrow in arrows[part.key]):
                lines += _comment(said) if said else []
            terms = [_term(variant, arrow) for arrow in arrows[part.key]]
            lines.append(
                f"{variant.variable(part.key)} ~ {_sum(terms, len(variant.variable(part.key)) + 3)}"
            )
    return lines[1:]


def _term(variant: Variant, arrow: Arrow) -> str:
    return f"{'0' if arrow.fixed else arrow.label}*{variant.variable(arrow.cause)}"


def _remark(arrow: Arrow) -> str:
    if arrow.fixed:
        return f"{arrow.cause}: no effect here; a rival claims one."
    if arrow.status == "published":
        return ""
    return f"{arrow.label}: {arrow.status} ({arrow.source}); expected {arrow.expected}."


def _covariances(variant: Variant) -> list[str]:
    pairs = variant.covariances
    lines = _comment(
        "Parts of one stage share causes that the model does not name, so their residuals covary."
    )
    firsts: dict[str, list[str]] = {}
    for a, b in pairs:
        firsts.setdefault(variant.variable(a), []).append(variant.variable(b))
    return lines + [f"{a} ~~ {_sum(others, len(a) + 4)}" for a, others in firsts.items()]


def chain_label(chain: tuple[Arrow, ...], variant: Variant) -> str:
    """Name an indirect effect by the codes along its way."""
    keys = [chain[0].cause, *(arrow.effect for arrow in chain)]
    return "_".join(variant.parts[key].code for key in keys)


def _chains(variant: Variant) -> list[str]:
    lines = _comment("Indirect effects: every chain from a strategy to an outcome, then sums.")
    for chain in variant.chains():
        product = "*".join(arrow.label for arrow in chain)
        lines.append(f"{chain_label(chain, variant)} := {product}")
    for name, labels in sums(variant).items():
        lines.append(f"{name} := {_sum(labels, len(name) + 4)}")
    return lines


def sums(variant: Variant) -> dict[str, list[str]]:
    """Name sums of chains: through each relationship, and in all; direct effects apart."""
    through: dict[str, list[str]] = {}
    whole: dict[str, list[str]] = {}
    for chain in variant.chains():
        ends = f"{variant.parts[chain[0].cause].code}_{variant.parts[chain[-1].effect].code}"
        via = variant.parts[chain[0].effect].code
        label = chain_label(chain, variant)
        through.setdefault(f"through_{via}_{ends}", []).append(label)
        whole.setdefault(f"indirect_{ends}", []).append(label)
    direct = {
        f"total_{arrow.label}": [arrow.label, f"indirect_{arrow.label}"]
        for arrow in variant.free_arrows
        if f"indirect_{arrow.label}" in whole
    }
    return {**through, **whole, **direct}


def _contrasts(variant: Variant) -> list[str]:
    labels = {arrow.label for arrow in variant.free_arrows}
    if not {"tec_cog", "tec_aff", "rel_aff", "rel_cog"} <= labels:
        return []
    return [
        *_comment(
            "The expected emphasis: above 0 if technical strategies work more through cognitive, "
            "relational ones more through affective trust (compare standardised values)."
        ),
        "emphasis_technical := tec_cog - tec_aff",
        "emphasis_relational := rel_aff - rel_cog",
    ]


def chains_frame(variant: Variant) -> pd.DataFrame:
    """List the chains: label, strategy, the parts on the way, outcome."""
    rows = []
    for chain in variant.chains():
        steps = [chain[0].cause, *(arrow.effect for arrow in chain)]
        rows.append(
            {
                "chain": chain_label(chain, variant),
                "strategy": steps[0],
                "through": " → ".join(steps[1:-1]),
                "outcome": steps[-1],
                "expression": "*".join(arrow.label for arrow in chain),
            }
        )
    return pd.DataFrame(rows).set_index("chain")


def assumptions_frame(variant: Variant) -> pd.DataFrame:
    """List what the model assumes, paths first: status, source, expectation."""
    rows = [
        {
            "assumption": arrow.label, "kind": "path", "cause": arrow.cause,
            "effect": arrow.effect, "status": arrow.status,
            "expected": "zero" if arrow.fixed else arrow.expected, "source": arrow.source,
            "note": arrow.note,
        }
        for arrow in variant.arrows
    ]  # fmt: skip
    rows += [
        _general("order", "order", METZ, "published",
                 "Causes come before effects. Answers taken at one time cannot test the order; "
                 "repeated measurement can."),
        _general("no_confounders", "order", PROJECT, "inference",
                 "No cause outside the model acts on parts of different stages."),
        _general("shared_causes", "covariance", PROJECT, "inference",
                 "Parts of one stage share causes outside the model: their residuals covary."),
        _measured(variant),
    ]  # fmt: skip
    if GENERAL in variant.parts:
        rows.append(
            _general("one_trust", "measurement", PROJECT, "rival",
                     "All answers about trust measure one and the same thing.")
        )  # fmt: skip
    return pd.DataFrame(rows).set_index("assumption")


def _measured(variant: Variant) -> dict[str, str]:
    if variant.form == "latent":
        said = "Each indicator measures its own construct alone."
        if any(part.parcels is not None for part in variant.parts.values()):
            said += " Means of facets are indicators, which takes the facets' own items as alike."
        return _general("measurement", "measurement", PROJECT, "inference", said)
    said = (
        "Scores measure without error, or with the reliability that was given; error makes paths "
        "from a single cause too small, others too small or too large."
    )
    return _general("measurement", "measurement", PROJECT, "inference", said)


def _general(name: str, kind: str, source: str, status: str, note: str) -> dict[str, str]:
    return {
        "assumption": name, "kind": kind, "cause": "", "effect": "", "status": status,
        "expected": "", "source": source, "note": note,
    }  # fmt: skip


def structural_names(variant: Variant) -> Iterator[str]:
    """Give the observed variables of a model, each once."""
    seen: set[str] = set()
    for part in variant.parts.values():
        for name in part.indicators:
            if name not in seen:
                seen.add(name)
                yield name
    yield from variant.context
