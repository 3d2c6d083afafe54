"""The theory and each of its rivals as a model of its own: parts, arrows and chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from trustmeasure.theory.arrows import (
    PRODUCTS,
    Arrow,
    direct_arrows,
    general_arrows,
    moderation_arrows,
    safety_arrows,
    theory_arrows,
)
from trustmeasure.theory.constructs import GENERAL, SAFETY, STAGES, TEAM_SAFETY, Construct

THEORY = "theory"
RIVALS = ("general", "safety", "safety_moderator", "direct")
CLAIMS = {
    THEORY: "Strategies build trust, which builds motivation, capability and opportunity, from "
    "which commitment and resilience follow, and from these the outcomes.",
    "general": "There is one general trust, not a cognitive and an affective one.",
    "safety": "Psychological safety is a second way, beside trust, from strategies to motivation, "
    "capability and opportunity.",
    "safety_moderator": "What trust does for its members depends on how safe the team is.",
    "direct": "Strategies act on the outcomes directly, not only through trust.",
}


@dataclass(frozen=True)
class Variant:
    """One model.

    Attributes
    ----------
    name : str
        "theory" or a rival.
    form : str
    parts : dict
        Key → construct, in the order of the stages.
    arrows : tuple of Arrow
    context : tuple of str
        Observed variables that are only causes: the team's safety, and its products.
    corrections : mapping
        Key → error variance of a score that stands alone.
    """

    name: str
    form: str
    parts: Mapping[str, Construct]
    arrows: tuple[Arrow, ...]
    context: tuple[str, ...] = ()
    corrections: Mapping[str, float] = field(default_factory=dict)

    def variable(self, key: str) -> str:
        """Give what a construct is called in the model."""
        if key not in self.parts:
            return key
        return self.parts[key].name + ("_true" if key in self.corrections else "")

    @property
    def free_arrows(self) -> tuple[Arrow, ...]:
        """The arrows that are estimated."""
        return tuple(arrow for arrow in self.arrows if not arrow.fixed)

    @property
    def covariances(self) -> list[tuple[str, str]]:
        """Pairs of keys whose (residual) covariance is free."""
        sources = [key for key, part in self.parts.items() if part.stage == STAGES[0]]
        pairs = list(combinations([*sources, *self.context], 2))
        for stage in STAGES[1:]:
            same = [key for key, part in self.parts.items() if part.stage == stage]
            pairs += combinations(same, 2)
        return pairs

    def chains(self) -> list[tuple[Arrow, ...]]:
        """Give every way from a strategy to an outcome, of two arrows or more."""
        sources = [key for key, part in self.parts.items() if part.stage == STAGES[0]]
        ends = {key for key, part in self.parts.items() if part.stage == STAGES[-1]}
        found: list[tuple[Arrow, ...]] = []
        open_ways: list[tuple[Arrow, ...]] = [
            (arrow,) for source in sources for arrow in self.free_arrows if arrow.cause == source
        ]
        while open_ways:
            way = open_ways.pop(0)
            if way[-1].effect in ends:
                found += [way] if len(way) > 1 else []
                continue
            open_ways[:0] = [
                (*way, arrow) for arrow in self.free_arrows if arrow.cause == way[-1].effect
            ]
        return found


def build_variant(
    name: str,
    form: str,
    parts: Mapping[str, Construct],
    rivals: tuple[str, ...],
    corrections: Mapping[str, float] | None = None,
) -> Variant:
    """Build the theory or a rival over the variables that all of them share.

    Where psychological safety is a rival's, every model holds it: in the others it follows
    from the strategies and has no effect. Their indices of fit can then be compared.
    """
    holds_safety = "safety" in rivals
    own = {key: part for key, part in parts.items() if key != SAFETY or holds_safety}
    # Safety stands with the relationships.
    own = dict(sorted(own.items(), key=lambda pair: STAGES.index(pair[1].stage)))
    arrows = theory_arrows(own)
    context: tuple[str, ...] = ()
    if holds_safety:
        arrows += safety_arrows(own, role=name == "safety")
    if "safety_moderator" in rivals:
        context = (TEAM_SAFETY, *PRODUCTS.values())
        arrows += moderation_arrows(own, role=name == "safety_moderator")
    if name == "direct":
        arrows += direct_arrows(own)
    if name == "general":
        own, arrows = _generalised(own, arrows)
    kept = {key: error for key, error in (corrections or {}).items() if key in own}
    return Variant(name, form, own, tuple(arrows), context, kept)


def _generalised(
    parts: dict[str, Construct], arrows: list[Arrow]
) -> tuple[dict[str, Construct], list[Arrow]]:
    """Put one latent trust in the place of two, measured by all that measured them."""
    two = [parts[key] for key in PRODUCTS]
    indicators = tuple(name for part in two for name in part.indicators)
    trust = Construct(GENERAL, "tru", two[0].stage, GENERAL, items=indicators)
    merged: dict[str, Construct] = {}
    for key, part in parts.items():
        if key in PRODUCTS:
            merged[GENERAL] = trust
        else:
            merged[key] = part
    kept = [arrow for arrow in arrows if not {arrow.cause, arrow.effect} & set(PRODUCTS)]
    towards = [arrow for arrow in arrows if arrow.cause == TEAM_SAFETY and arrow.effect in PRODUCTS]
    moved = [replace(towards[0], effect=GENERAL, label="tsa_tru")] if towards else []
    return merged, general_arrows(merged) + moved + kept
