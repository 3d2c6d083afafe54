"""What the theory of change is about: its constructs, and what each is measured by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trustmeasure._checks import check_option, listed, near
from trustmeasure.errors import OptionError
from trustmeasure.instruments import Instrument, load_instrument

STAGES = ("strategies", "relationships", "conditions", "response", "outcomes")
STAGE_TITLES = {
    "strategies": "trust-building strategies",
    "relationships": "trusting relationships",
    "conditions": "motivation, capability, opportunity",
    "response": "commitment and resilience",
    "outcomes": "implementation outcomes",
    "context": "the team",
}
STRATEGIES = ("often", "well", "joint")
INSTRUMENTS: dict[str, str] = {
    "strategies": "trust-strategies",
    "relationships": "trust-cognitive-affective",
    "conditions": "theory-of-change",
    "response": "theory-of-change",
    "outcomes": "aim-iam-fim-2017",
    "safety": "psychological-safety",
}
SAFETY = "psychological_safety"
TEAM_SAFETY = "team_safety"
GENERAL = "general_trust"

# Key, its short code in labels of paths, and its stage.
_THEORY = (
    ("relational", "rel", "strategies"),
    ("technical", "tec", "strategies"),
    ("cognitive_trust", "cog", "relationships"),
    ("affective_trust", "aff", "relationships"),
    ("motivation", "mot", "conditions"),
    ("capability", "cap", "conditions"),
    ("opportunity", "opp", "conditions"),
    ("commitment", "com", "response"),
    ("resilience", "res", "response"),
)
_OUTCOMES = (("acceptability", "acc"), ("appropriateness", "app"), ("feasibility", "fea"))
# Scales that stand in for the two kinds of trust, in the order of cognitive and affective.
_RELATIONSHIPS = (
    ("cognitive_trust", "affective_trust"),
    ("intrapersonal_stakeholder", "interpersonal_stakeholder"),
    ("intrapersonal_practitioner", "interpersonal_practitioner"),
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


@dataclass(frozen=True)
class Construct:
    """One box of the theory.

    Attributes
    ----------
    key : str
        What it is called in `TheoryOfChange`.
    code : str
        Three letters or so, from which labels of paths are made.
    stage : str
    name : str
        The variable of the model: a latent variable, or a column of scores.
    items : tuple of str
        Its items; empty where it is a column by itself.
    parcels : mapping
        Name → items whose mean is one indicator, where facets are the indicators.
    """

    key: str
    code: str
    stage: str
    name: str
    items: tuple[str, ...] = ()
    parcels: Mapping[str, tuple[str, ...]] | None = None

    @property
    def indicators(self) -> tuple[str, ...]:
        """The observed variables that measure it, or itself."""
        if self.parcels is not None:
            return tuple(self.parcels)
        return self.items or (self.name,)

    @property
    def latent(self) -> bool:
        """Whether it is measured by several indicators."""
        return len(self.indicators) > 1


def build_constructs(
    form: str,
    *,
    instruments: Mapping[str, str | Instrument] | None,
    strategies: str,
    indicators: str,
    items: Mapping[str, Sequence[str]] | None,
    outcomes: Sequence[str] | Mapping[str, Sequence[str]] | None,
    names: Mapping[str, str] | None,
) -> dict[str, Construct]:
    """Give every construct by its key, psychological safety last."""
    check_option("strategies", strategies, STRATEGIES)
    check_option("indicators", indicators, ("items", "facets"))
    banks = _banks(instruments)
    plain = [Construct(key, code, stage, "") for key, code, stage in _THEORY]
    scales = _scales(banks, strategies)
    if outcomes is None:
        plain += [Construct(key, code, "outcomes", "") for key, code in _OUTCOMES]
    found: dict[str, Construct] = {}
    for part in plain:
        bank, scale = scales[part.key]
        found[part.key] = _measured(part, bank, scale, form, indicators)
    if outcomes is not None:
        found |= _own_outcomes(outcomes, form, taken=[*found, SAFETY])
    safety = Construct(SAFETY, "saf", "relationships", "")
    found[SAFETY] = _measured(safety, banks["safety"], SAFETY, form, indicators)
    found = _with_items(found, items, form)
    return _with_names(found, names)


def _banks(instruments: Mapping[str, str | Instrument] | None) -> dict[str, Instrument]:
    given = dict(instruments or {})
    for slot in given:
        if slot not in INSTRUMENTS:
            raise OptionError(
                f"instruments= has the place '{slot}'. Places: {listed(INSTRUMENTS)}."
                + near(slot, INSTRUMENTS)
            )
    chosen = {**INSTRUMENTS, **given}
    loaded: dict[str, Instrument] = {}
    return {
        slot: one if isinstance(one, Instrument) else loaded.setdefault(one, load_instrument(one))
        for slot, one in chosen.items()
    }


def _scales(banks: Mapping[str, Instrument], strategies: str) -> dict[str, tuple[Instrument, str]]:
    """Give the instrument and the scale of each construct."""
    ending = "" if strategies == "joint" else f"_{strategies}"
    relations = banks["relationships"]
    offered = {scale.id for scale in relations.scales}
    pair = next((pair for pair in _RELATIONSHIPS if set(pair) <= offered), None)
    if pair is None:
        raise OptionError(
            f"The instrument '{relations.id}' has no pair of scales for cognitive and affective "
            f"trust; looked for {' or '.join(' and '.join(pair) for pair in _RELATIONSHIPS)}. "
            "Name the items yourself with items={'cognitive_trust': [...], ...}."
        )
    scales = {
        "relational": (banks["strategies"], f"relational{ending}"),
        "technical": (banks["strategies"], f"technical{ending}"),
        "cognitive_trust": (relations, pair[0]),
        "affective_trust": (relations, pair[1]),
    }
    for key, _, stage in _THEORY[4:]:
        scales[key] = (banks[stage], key)
    for key, _ in _OUTCOMES:
        scales[key] = (banks["outcomes"], key)
    return scales


def _measured(
    part: Construct, bank: Instrument, scale: str, form: str, indicators: str
) -> Construct:
    if form == "composite":
        return replace(part, name=scale, items=())
    items = tuple(bank.scale(scale).items)
    parcels = _parcels(part, bank, items) if indicators == "facets" else None
    return replace(part, name=part.key, items=items, parcels=parcels)


def _parcels(
    part: Construct, bank: Instrument, items: tuple[str, ...]
) -> dict[str, tuple[str, ...]] | None:
    """Join the items of each facet, where there are at least two facets."""
    facets: dict[str, list[str]] = {}
    for item in items:
        facets.setdefault(bank.item(item).facet or item, []).append(item)
    if len(facets) < 2 or len(facets) == len(items):
        return None
    return {f"{part.code}_{facet.replace('-', '_')}": tuple(own) for facet, own in facets.items()}


def _own_outcomes(
    outcomes: Sequence[str] | Mapping[str, Sequence[str]], form: str, taken: Sequence[str]
) -> dict[str, Construct]:
    """Take the user's outcomes: columns, or (latent form) names with their items."""
    if isinstance(outcomes, str):
        outcomes = [outcomes]
    if not outcomes:
        raise OptionError("outcomes= is empty. Name at least one column, or leave it out.")
    measured = dict(outcomes) if isinstance(outcomes, Mapping) else dict.fromkeys(outcomes, ())
    found = {}
    for name, items in measured.items():
        _check_name(name)
        if name in taken:
            raise OptionError(f"outcomes= names '{name}', which is another part of the theory.")
        kept = () if form == "composite" or len(tuple(items)) < 2 else tuple(items)
        column = name if kept or not items or form == "composite" else next(iter(items))
        found[name] = Construct(name, name, "outcomes", column, items=kept)
    return found


def _with_items(
    found: dict[str, Construct], items: Mapping[str, Sequence[str]] | None, form: str
) -> dict[str, Construct]:
    """Let the user's choice of items take the place of a bank's."""
    for key, chosen in (items or {}).items():
        _check_key(key, found, "items")
        if form == "composite":
            raise OptionError(
                "items= is for the latent form; a composite is one column, which names= names."
            )
        if isinstance(chosen, str) or len(chosen) < 2:
            raise OptionError(f"items= must list at least 2 items of '{key}'.")
        found[key] = replace(found[key], items=tuple(chosen), parcels=None)
    return found


def _with_names(
    found: dict[str, Construct], names: Mapping[str, str] | None
) -> dict[str, Construct]:
    for key, name in (names or {}).items():
        _check_key(key, found, "names")
        _check_name(name)
        found[key] = replace(found[key], name=name)
    used = [part.name for part in found.values()]
    twice = sorted({name for name in used if used.count(name) > 1})
    if twice:
        raise OptionError(f"Two parts of the theory would both be called {listed(twice)}.")
    return found


def _check_key(key: str, found: Mapping[str, Construct], argument: str) -> None:
    if key not in found:
        raise OptionError(
            f"{argument}= names '{key}', which is no part of the theory. Parts: "
            f"{listed(found, limit=20)}." + near(key, found)
        )


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise OptionError(
            f"{name!r} cannot be the name of a variable in a model: it takes letters, digits, "
            "'_' and '.', and begins with a letter."
        )
