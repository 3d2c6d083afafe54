"""What the theory of change assumes: each arrow with where it comes from, and its rivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from trustmeasure.theory.constructs import GENERAL, SAFETY, STAGES, TEAM_SAFETY, Construct

METZ = "Metz et al. (2022), https://doi.org/10.3389/frhs.2022.894599"
COMMENTARY = "the post 'The Trust Factor – Key to Implementation Success?', on Metz et al. (2022)"
PROJECT = "this project"

# Products of centred trust and centred team safety: moderator → its codes.
PRODUCTS = {"cognitive_trust": "cog_by_safety", "affective_trust": "aff_by_safety"}


@dataclass(frozen=True)
class Arrow:
    """One path, with the assumption behind it.

    Attributes
    ----------
    cause, effect : str
        Keys of constructs.
    label : str
    status : str
        "published", "commentary", "inference", "allowed" or "rival".
    source, expected, note : str
    fixed : bool
        Written into the model with the value 0: what a rival claims and the others deny.
    """

    cause: str
    effect: str
    label: str
    status: str
    source: str
    expected: str
    note: str = ""
    fixed: bool = False


def theory_arrows(parts: Mapping[str, Construct]) -> list[Arrow]:
    """Give every arrow of the theory, from each stage to the next."""
    found = []
    for before, after in pairwise(STAGES):
        for effect in _of(parts, after):
            for cause in _of(parts, before):
                found.append(_arrow(cause, effect))
    return found


def _of(parts: Mapping[str, Construct], stage: str) -> list[Construct]:
    return [part for part in parts.values() if part.stage == stage and part.key != SAFETY]


def _arrow(cause: Construct, effect: Construct) -> Arrow:
    label = f"{cause.code}_{effect.code}"
    pair = (cause.key, effect.key)
    if pair == ("technical", "cognitive_trust"):
        status, source, expected = "commentary", COMMENTARY, "positive, above tec_aff"
        note = "Technical strategies are expected to work above all through cognitive trust."
    elif pair == ("relational", "affective_trust"):
        status, source, expected = "inference", PROJECT, "positive, above rel_cog"
        note = (
            "That relational strategies work above all through affective trust is inferred from "
            "the emphasis of technical ones; no source states it."
        )
    elif cause.stage == "strategies":
        status, source, expected = "allowed", PROJECT, "weaker than the emphasised path"
        note = "Emphasis does not exclude: free, so that the emphasis can be tested."
    else:
        status, source, expected = "published", METZ, "positive"
        note = "The source orders the stages; one arrow for each pair of parts is a reading."
    return Arrow(*pair, label, status, source, expected, note)


def direct_arrows(parts: Mapping[str, Construct]) -> list[Arrow]:
    """Give arrows from strategies to outcomes that pass by everything between."""
    return [
        Arrow(cause.key, effect.key, f"{cause.code}_{effect.code}", "rival", PROJECT,
              "zero, if trust and what follows it carry the whole effect")
        for effect in _of(parts, "outcomes")
        for cause in _of(parts, "strategies")
    ]  # fmt: skip


def general_arrows(parts: Mapping[str, Construct]) -> list[Arrow]:
    """Give arrows to and from one general trust in the place of two kinds."""
    causes = [
        Arrow(cause.key, GENERAL, f"{cause.code}_tru", "rival", PROJECT, "positive",
              "One general trust takes the place of cognitive and affective trust.")
        for cause in _of(parts, "strategies")
    ]  # fmt: skip
    effects = [
        Arrow(GENERAL, effect.key, f"tru_{effect.code}", "rival", PROJECT, "positive")
        for effect in _of(parts, "conditions")
    ]
    return causes + effects


def safety_arrows(parts: Mapping[str, Construct], *, role: bool) -> list[Arrow]:
    """Put psychological safety beside trust: built by strategies, and acting or not."""
    note = "Psychological safety is a condition of the team, not trust between two people."
    safety = parts[SAFETY]
    found = [
        Arrow(cause.key, SAFETY, f"{cause.code}_{safety.code}", "rival", PROJECT, "positive", note)
        for cause in _of(parts, "strategies")
    ]
    acting = [
        Arrow(SAFETY, effect.key, f"{safety.code}_{effect.code}", "rival", PROJECT, "positive",
              "A path parallel to trust.", fixed=not role)
        for effect in _of(parts, "conditions")
    ]  # fmt: skip
    return found + acting


def moderation_arrows(parts: Mapping[str, Construct], *, role: bool) -> list[Arrow]:
    """Let the team's safety change what trust does for its members."""
    found = [
        Arrow(TEAM_SAFETY, trust, f"tsa_{parts[trust].code}", "rival", PROJECT, "positive",
              "Members of safe teams may trust more; free in every model.")
        for trust in (*PRODUCTS, SAFETY)
        if trust in parts
    ]  # fmt: skip
    for effect in _of(parts, "conditions"):
        found.append(
            Arrow(TEAM_SAFETY, effect.key, f"tsa_{effect.code}", "rival", PROJECT, "positive",
                  "What the team's safety adds to average trust.", fixed=not role)
        )  # fmt: skip
        for trust, product in PRODUCTS.items():
            code = parts[trust].code
            found.append(
                Arrow(product, effect.key, f"{code}_{effect.code}_by_tsa", "rival", PROJECT,
                      "not zero", "The slope of trust depends on how safe the team is.",
                      fixed=not role)
            )  # fmt: skip
    return found
