"""What several criteria say together, and where they part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from trustmeasure.exploratory.criteria import BALANCED, CRITERIA, OVER, UNDER
from trustmeasure.results import to_plain

# Auerswald and Moshagen (2019) found the number almost always right where the χ² tests
# agree with one of these.
PARTNERS = ("pa_components", "ekc", "hull_caf", "hull_cfi", "hull_rmsea")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Consensus:
    """How criteria agree and differ; printed as sentences, never as a bare number.

    Attributes
    ----------
    low, high : int or None
        Smallest and largest suggestion; None where there is none at all.
    modes : tuple of int
        The suggestions with the most votes; several where they tie. Each family of criteria
        has one vote, which its members share.
    share : float
        Share of all votes that each mode has.
    balanced : tuple of int
        What the criteria without a known bias suggest.
    confirmed : tuple of int
        Where the χ² tests agree with parallel analysis of components, EKC or the hull.
    candidates : tuple of int
        The solutions to compare: ``modes`` and ``balanced`` together.
    groups : DataFrame
        One row a suggested number: ``votes``, ``n_criteria``, ``criteria``, and of these
        ``over``, ``balanced``, ``under`` and ``mixed``, the numbers by known tendency.
    sentence : str
        All this in words.
    """

    low: int | None
    high: int | None
    modes: tuple[int, ...]
    share: float
    balanced: tuple[int, ...]
    confirmed: tuple[int, ...]
    candidates: tuple[int, ...]
    groups: pd.DataFrame
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Give every field as plain Python objects that ``json.dumps`` accepts."""
        return {name: to_plain(value) for name, value in vars(self).items()}


def consensus(suggestions: Mapping[str, int | None]) -> Consensus:
    """Weigh what criteria suggest, by id; None for those that could not be computed."""
    known = {name: int(n) for name, n in suggestions.items() if n is not None}
    groups = _groups(known)
    if not known:
        return Consensus(None, None, (), 0.0, (), (), (), groups, "No criterion could be computed.")
    most = groups["votes"].max()
    modes = _numbers(groups.index[groups["votes"] > most - 1e-9])
    balanced = _numbers(n for name, n in known.items() if CRITERIA[name].tendency == BALANCED)
    tested = known.get("chisq")
    agree = tested is not None and any(known.get(name) == tested for name in PARTNERS)
    confirmed = (tested,) if tested is not None and agree else ()
    candidates = _numbers([*modes, *balanced])
    low, high = min(known.values()), max(known.values())
    parts = [
        _spread(known, low, high),
        "" if low == high else _votes(groups, modes),
        "" if low == high else _unbiased(known, balanced),
        "" if low == high else _directions(known, candidates),
        _tests(known, confirmed),
        _advice(candidates, modes),
    ]
    return Consensus(
        low=low,
        high=high,
        modes=modes,
        share=float(most / groups["votes"].sum()),
        balanced=balanced,
        confirmed=confirmed,
        candidates=candidates,
        groups=groups,
        sentence=" ".join(part for part in parts if part),
    )


def _groups(known: Mapping[str, int]) -> pd.DataFrame:
    """Gather criteria by the number that they suggest."""
    families = [CRITERIA[name].family for name in known]
    rows = []
    for number in _numbers(known.values()):
        members = [name for name, n in known.items() if n == number]
        tendencies = [CRITERIA[name].tendency for name in members]
        row: dict[str, Any] = {
            "votes": sum(1.0 / families.count(CRITERIA[name].family) for name in members),
            "n_criteria": len(members),
            "criteria": ", ".join(members),
        }
        rows.append(row | {kind: tendencies.count(kind) for kind in _TENDENCIES})
    columns = ["votes", "n_criteria", "criteria", *_TENDENCIES]
    index = pd.Index(_numbers(known.values()), name="n_factors", dtype="int64")
    return pd.DataFrame(rows, index=index, columns=pd.Index(columns))


_TENDENCIES = (OVER, BALANCED, UNDER, "mixed")


def _numbers(values: Iterable[Any]) -> tuple[int, ...]:
    return tuple(sorted({int(value) for value in values}))


def _spread(known: Mapping[str, int], low: int, high: int) -> str:
    if low == high:
        if len(known) == 1:
            return f"The only criterion suggests {_factors(low)}."
        return f"All {len(known)} criteria suggest {_factors(low)}."
    return f"{len(known)} criteria suggest between {low} and {high} factors."


def _votes(groups: pd.DataFrame, modes: tuple[int, ...]) -> str:
    total, most = groups["votes"].sum(), groups["votes"].max()
    share = f"{100 * most / total:.0f}%"
    if len(modes) == 1:
        return f"Most votes ({share}; each family of criteria has one) go to {modes[0]}."
    return f"{_listed(modes)} tie with {share} of the votes each (each family has one)."


def _unbiased(known: Mapping[str, int], balanced: tuple[int, ...]) -> str:
    names = [name for name in known if CRITERIA[name].tendency == BALANCED]
    if not names:
        return ""
    if len(names) == 1:
        return f"The one without a known bias, {CRITERIA[names[0]].short}, says {balanced[0]}."
    if len(balanced) == 1:
        return f"The {_word(len(names))} without a known bias all say {balanced[0]}."
    counts = [
        f"{_word(sum(known[name] == n for name in names))} for {n} "
        f"({', '.join(CRITERIA[name].short for name in names if known[name] == n)})"
        for n in balanced
    ]
    return f"Those without a known bias disagree: {_joined(counts)}."


def _directions(known: Mapping[str, int], candidates: tuple[int, ...]) -> str:
    """Say of the criteria beyond the candidates whether they err as they are known to."""
    above = {name: n for name, n in known.items() if n > candidates[-1]}
    below = {name: n for name, n in known.items() if n < candidates[0]}
    parts = []
    for beyond, side, bias, what in (
        (above, "Above", OVER, "too many"),
        (below, "Below", UNDER, "too few"),
    ):
        expected = [CRITERIA[n].short for n in beyond if CRITERIA[n].tendency == bias]
        others = [CRITERIA[n].short for n in beyond if CRITERIA[n].tendency != bias]
        if expected:
            parts.append(f"{side} these, and known to keep {what}: {_joined(expected)}.")
        if others:
            parts.append(f"{side} these without a known reason: {_joined(others)}.")
    return " ".join(parts)


def _tests(known: Mapping[str, int], confirmed: tuple[int, ...]) -> str:
    if "chisq" not in known or not any(name in known for name in PARTNERS):
        return ""
    if confirmed:
        names = [CRITERIA[n].short for n in PARTNERS if known.get(n) == confirmed[0]]
        return (
            f"The χ² tests agree with {_joined(names)} on {confirmed[0]}; where they do, "
            "simulations found the number almost always right (Auerswald & Moshagen, 2019)."
        )
    return (
        f"The χ² tests ({known['chisq']}) agree with none of parallel analysis, EKC and hull, a "
        "sign that the number is hard to tell from these data (Auerswald & Moshagen, 2019)."
    )


def _advice(candidates: tuple[int, ...], modes: tuple[int, ...]) -> str:
    if len(candidates) > 1:
        return (
            f"Compare the solutions with {_listed(candidates)} factors for what they mean, and "
            "for whether they come back in other samples."
        )
    if modes[0] == 0:
        return "These items may share nothing that a factor could stand for."
    return "Whether the solution makes sense still has to be judged from its loadings."


def _factors(number: int) -> str:
    return f"{number} factor" + ("" if number == 1 else "s")


def _word(number: int) -> str:
    return WORDS[number] if number < len(WORDS) else str(number)


def _listed(numbers: Iterable[int]) -> str:
    return _joined([str(number) for number in numbers])


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
