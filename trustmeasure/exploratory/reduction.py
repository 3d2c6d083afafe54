"""Short forms: which items of a bank to keep, and what leaving the others out costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    as_items,
    as_rng,
    check_count,
    check_option,
    dropped_note,
    listed,
    listwise,
    near,
    one_scale,
    refuse_constant,
)
from trustmeasure.correlation.matrices import Correlations, refuse_dependent
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.covariance import listwise_moments
from trustmeasure.kernels.subsets import (
    Merits,
    Search,
    count_subsets,
    judge,
    search_all,
    search_by_ants,
)
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

METHODS = ("auto", "exhaustive", "ants")
# Some minutes of judging, and a list of some hundred megabytes.
MOST_SUBSETS = 1_000_000
CRITERIA = ("omega", "cfi", "r_full", "alpha")
COEFFICIENTS = ("alpha", "omega", "cfi", "rmsea", "r_full")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ShortForms(Result):
    """What `short_forms` returns.

    Attributes
    ----------
    items : tuple of str
        The items of the best form.
    table : DataFrame
        One row a form, best first: its items, the criterion, and alpha, omega, CFI, RMSEA and
        the correlation with the sum of all items, each in the cases that the search saw and,
        with ``_holdout``, in those that it did not. Row "all" is the whole bank.
    costs : DataFrame
        One row an item of the bank: whether the best form keeps it, its facet, and how the
        held-out coefficients change when it alone is dropped from (or, where it is not in the
        form, added to) the best form.
    n_judged : int
        Subsets looked at.
    exhaustive : bool
        Whether these were all that the conditions allow.
    """

    title: ClassVar[str] = "Short forms"

    items: tuple[str, ...]
    table: pd.DataFrame
    costs: pd.DataFrame
    n_judged: int
    exhaustive: bool

    def to_frame(self) -> pd.DataFrame:
        """One row a form, best first."""
        return self.table.copy()


def short_forms(
    data: Any,
    *,
    n_items: int,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    facets: Mapping[str, str] | None = None,
    min_per_facet: int | None = None,
    weights: Mapping[str, float] | None = None,
    method: str = "auto",
    n_forms: int = 5,
    holdout: float = 0.5,
    max_subsets: int = 20_000,
    rng: Any = None,
) -> ShortForms:
    r"""Propose short forms that keep reliability, coverage and fit.

    Every subset of ``n_items`` that covers the facets is judged by one covariance matrix: the
    weighted mean of omega (one-factor maximum likelihood), the CFI of that model, and the
    correlation of the short sum with the sum of all items. The search sees one part of the
    cases; the other part tells how much of what it found was chance.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows, items keyed. Persons with a missing answer are left out.
    n_items : int
        Items of the short form, at least 3.
    items : sequence of str, optional
        The bank; all columns without it.
    scale : str, optional
        With Scores, the items of this scale.
    facets : mapping, optional
        Item → facet. With Scores, the instrument's own facets by default.
    min_per_facet : int, optional
        Least items of each facet. By default as even as ``n_items`` allows:
        ``n_items // n_facets``.
    weights : mapping, optional
        Weights of "omega", "cfi", "r_full" and "alpha" in the criterion; by default 1 for the
        first three.
    method : {"auto", "exhaustive", "ants"}
        Judge all subsets, or search by an ant colony (Leite et al., 2008); "auto" judges all
        where there are at most ``max_subsets``. More than a million are never all judged.
    n_forms : int
        How many forms to report.
    holdout : float
        Share of the cases that the search does not see, 0 for none.
    max_subsets : int
        Most subsets that "auto" judges one and all.
    rng : None, int or Generator
        Seed of the split and of the ants.

    Returns
    -------
    ShortForms

    Raises
    ------
    DataError
        For too few cases or items, constant items, unknown facets, or facets that cannot be
        covered.
    OptionError
        For an option that is not offered.

    Notes
    -----
    A form that is short and homogeneous has a high omega; weight ``r_full``, and state the
    facets, to keep the breadth of the bank. Coefficients of the held-out cases are the ones
    to report. Forms whose one-factor model has a negative residual variance (Heywood cases) are
    no candidates. A short form is a new instrument: validate it on new data.

    Coefficients equal ``psych::alpha``, ``lavaan::cfa("f =~ ...")`` and ``cor`` of each subset.

    References
    ----------
    Leite, W. L., Huang, I.-C., & Marcoulides, G. A. (2008). Item selection for the development
    of short forms of scales using an ant colony optimization algorithm. *Multivariate
    Behavioral Research, 43*, 411–431. https://doi.org/10.1080/00273170802285743

    Smith, G. T., McCarthy, D. M., & Anderson, K. G. (2000). On the sins of short-form
    development. *Psychological Assessment, 12*, 102–111.
    https://doi.org/10.1037/1040-3590.12.1.102

    Examples
    --------
    >>> import trustmeasure as tm
    >>> answers = tm.simulate_responses("psychological-safety", n=400, rng=1)
    >>> found = tm.short_forms(
    ...     tm.score(answers), scale="psychological_safety", n_items=8, rng=1
    ... )
    >>> len(found.items), found.costs.loc[list(found.items), "facet"].value_counts().tolist()
    (8, [2, 2, 2, 2])
    """
    check_count("n_items", n_items, least=3)
    check_count("n_forms", n_forms)
    check_count("max_subsets", max_subsets)
    check_option("method", method, METHODS)
    weighed = _weights(weights)
    generator = as_rng(rng)
    scale = one_scale(data, scale=scale, items=items)
    block = as_items(data, items=items, scale=scale, min_items=4, min_persons=10)
    notes = Notes()
    values, dropped = listwise(block, min_persons=10)
    if dropped:
        notes.record(dropped_note(dropped, block.n_persons))
    names = block.names
    if n_items >= len(names):
        raise DataError(f"n_items={n_items} leaves nothing out of a bank of {len(names)} items.")
    known = _facets(data, facets, names)
    groups, least = _coverage(known, names, n_items, min_per_facet)
    seen, unseen = _split(values, holdout, names, generator, notes)

    def value(subsets: IntArray) -> FloatArray:
        return _criterion(judge(seen.covariance, subsets, seen.n), weighed)

    n_possible = count_subsets(groups, least, n_items)
    exhaustive = method == "exhaustive" or (method == "auto" and n_possible <= max_subsets)
    if exhaustive and n_possible > MOST_SUBSETS:
        raise OptionError(
            f"{n_possible:,} forms are too many to judge one and all, which is offered up to "
            f"{MOST_SUBSETS:,}. Use method='ants', or ask for more items of each facet."
        )
    if exhaustive:
        found = search_all(groups, least, n_items, value, n_forms)
    else:
        found = search_by_ants(groups, least, n_items, value, n_forms, generator)
    if found.n_judged < n_possible:
        notes.record(
            f"{found.n_judged} of {n_possible} possible forms were judged, by an ant colony: a "
            "better one may exist. Try other seeds."
        )
    best = found.subsets[0]
    return ShortForms(
        n=len(values),
        n_dropped=dropped,
        items=tuple(names[j] for j in best),
        table=_table(found, names, seen, unseen, weighed),
        costs=_costs(best, names, known, unseen or seen),
        n_judged=found.n_judged,
        exhaustive=found.exhaustive,
        settings={
            "n_items": n_items,
            "items": list(names),
            "scale": scale,
            "facets": None if known is None else dict(known),
            "min_per_facet": list(least) if known is not None else None,
            "weights": dict(weighed),
            "method": "exhaustive" if found.exhaustive else "ants",
            "n_forms": n_forms,
            "holdout": holdout,
            "max_subsets": max_subsets,
            "rng": rng if rng is None or isinstance(rng, int) else str(rng),
        },
        warnings=notes.messages(),
    )


@dataclass(frozen=True)
class _Cases:
    """The moments of one part of the cases."""

    covariance: FloatArray
    n: int


def _weights(weights: Mapping[str, float] | None) -> dict[str, float]:
    if weights is None:
        return {"omega": 1.0, "cfi": 1.0, "r_full": 1.0}
    if not isinstance(weights, Mapping) or not weights:
        raise OptionError(f"weights={weights!r} must map criteria to weights, as {{'omega': 2}}.")
    for name, weight in weights.items():
        check_option("weights", name, CRITERIA)
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not 0 <= weight < np.inf:
            raise OptionError(f"weights[{name!r}]={weight!r} must be a number, 0 or above.")
    if not sum(weights.values()):
        raise OptionError("weights= are all 0; at least one criterion must count.")
    return {name: float(weight) for name, weight in weights.items()}


def _facets(
    data: Any, facets: Mapping[str, str] | None, names: Sequence[str]
) -> dict[str, str] | None:
    """Give each item's facet: the user's, or the instrument's where every item has one."""
    if facets is not None:
        if not isinstance(facets, Mapping):
            raise OptionError(f"facets={facets!r} must map items to facets.")
        without = [name for name in names if name not in facets]
        if without:
            unknown = [str(name) for name in facets if name not in names]
            raise DataError(
                f"facets= has no facet for item(s) {listed(without)}."
                + (near(without[0], unknown) if unknown else "")
            )
        return {name: str(facets[name]) for name in names}
    instrument = getattr(data, "instrument", None)
    own = {item.id: item.facet for item in getattr(instrument, "items", ())}
    found = {name: own.get(name) for name in names}
    if any(facet is None for facet in found.values()):
        return None
    return {name: str(facet) for name, facet in found.items()}


def _coverage(
    facets: Mapping[str, str] | None,
    names: Sequence[str],
    n_items: int,
    min_per_facet: int | None,
) -> tuple[list[IntArray], list[int]]:
    """Group the items by facet, and say how many of each a form must keep."""
    if facets is None:
        if min_per_facet is not None:
            raise OptionError("min_per_facet= needs facets=, or Scores whose items have facets.")
        return [np.arange(len(names))], [0]
    labels = list(dict.fromkeys(facets[name] for name in names))
    groups = [
        np.asarray([j for j, name in enumerate(names) if facets[name] == label], dtype=np.intp)
        for label in labels
    ]
    wanted = n_items // len(labels)
    if min_per_facet is not None:
        wanted = check_count("min_per_facet", min_per_facet, least=0)
        short = [label for label, group in zip(labels, groups, strict=True) if len(group) < wanted]
        if short:
            raise DataError(f"Facet(s) {listed(short)} have fewer than {wanted} items.")
    least = [min(wanted, len(group)) for group in groups]
    if sum(least) > n_items:
        raise DataError(
            f"{len(labels)} facets with at least {wanted} items each need {sum(least)} items; "
            f"n_items={n_items} is fewer."
        )
    return groups, least


def _split(
    values: FloatArray,
    holdout: float,
    names: Sequence[str],
    rng: np.random.Generator,
    notes: Notes,
) -> tuple[_Cases, _Cases | None]:
    """Divide the cases at random into those that the search sees and those held out."""
    number = not isinstance(holdout, bool) and isinstance(holdout, (int, float))
    if not number or not 0 <= holdout < 1:
        raise OptionError(f"holdout={holdout!r} must be a share of the cases, from 0 to below 1.")
    order = rng.permutation(len(values))
    n_out = round(holdout * len(values))
    parts = [values[order[n_out:]], values[order[:n_out]]] if n_out else [values]
    for part in parts:
        if len(part) <= len(names):
            raise DataError(
                f"{len(part)} cases are left for {'the search' if part is parts[0] else 'holdout'}"
                f", and {len(names)} items need more cases than items. Choose another holdout=, or "
                "0 for none."
            )
        refuse_constant(part, names)
        what = "The search for short forms" if part is parts[0] else "The check on held-out cases"
        matrix = listwise_moments(part).correlation
        refuse_dependent(Correlations(matrix, tuple(names), len(part)), what)
    if not n_out:
        notes.record("No cases were held out, so the coefficients flatter the forms.")
    cases = [_Cases(listwise_moments(part).covariance, len(part)) for part in parts]
    return cases[0], cases[1] if n_out else None


def _criterion(merits: Merits, weights: Mapping[str, float]) -> FloatArray:
    total = sum(weight * getattr(merits, name) for name, weight in weights.items())
    value = np.asarray(total / sum(weights.values()), dtype=np.float64)
    return np.where(np.isnan(value), -np.inf, value)


def _table(
    found: Search,
    names: Sequence[str],
    seen: _Cases,
    unseen: _Cases | None,
    weights: Mapping[str, float],
) -> pd.DataFrame:
    everything = np.arange(len(names))[None]
    ranked = [str(i + 1) for i in range(len(found.subsets))]
    rows: list[dict[str, Any]] = []
    for subsets, labels in ((found.subsets, ranked), (everything, ["all"])):
        merits = judge(seen.covariance, subsets, seen.n)
        other = None if unseen is None else judge(unseen.covariance, subsets, unseen.n)
        values = _criterion(merits, weights)
        for i, label in enumerate(labels):
            row: dict[str, Any] = {
                "form": label,
                "items": ", ".join(names[j] for j in subsets[i]),
                "criterion": values[i],
            }
            row |= {name: getattr(merits, name)[i] for name in COEFFICIENTS}
            if other is not None:
                row |= {f"{name}_holdout": getattr(other, name)[i] for name in COEFFICIENTS}
            rows.append(row)
    return pd.DataFrame(rows).set_index("form")


def _costs(
    best: IntArray, names: Sequence[str], facets: Mapping[str, str] | None, cases: _Cases
) -> pd.DataFrame:
    """Change one item of the best form at a time, and see what its coefficients do."""
    base = judge(cases.covariance, best[None], cases.n)
    kept = set(best.tolist())
    without = np.asarray([[j for j in best if j != i] for i in best], dtype=np.intp)
    others = [j for j in range(len(names)) if j not in kept]
    added = np.asarray([sorted([*best.tolist(), j]) for j in others], dtype=np.intp)
    shown = ("alpha", "omega", "r_full")
    changes: dict[int, dict[str, float]] = {}
    # Two items are no scale whose factor could be found.
    sides = [(added, others)] if len(best) == 3 else [(without, best.tolist()), (added, others)]
    for subsets, owners in sides:
        merits = judge(cases.covariance, subsets, cases.n)
        for i, owner in enumerate(owners):
            changes[owner] = {
                name: float(getattr(merits, name)[i] - getattr(base, name)[0]) for name in shown
            }
    rows = [
        {
            "item": name,
            "kept": j in kept,
            "facet": None if facets is None else facets[name],
            **{f"{c}_change": changes.get(j, {}).get(c, np.nan) for c in shown},
        }
        for j, name in enumerate(names)
    ]
    return pd.DataFrame(rows).set_index("item")
