"""Traits measured by several methods: what belongs to the trait, what to the method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    Items,
    as_items,
    check_level,
    check_option,
    dropped_note,
    listed,
    listwise,
    refuse_constant,
)
from trustmeasure.correlation.matrices import answered_by_anyone
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import correlation_intervals, multitrait
from trustmeasure.kernels.covariance import listwise_moments, pairwise_moments
from trustmeasure.kernels.reliability import consistency, structure
from trustmeasure.results import Notes, Result
from trustmeasure.validity.attenuation import checked_reliability

FloatArray = NDArray[np.float64]
Measure = tuple[str, str]

QUESTIONS = (
    "Validity values differ from zero, upwards",
    "Validity values exceed those of different traits by different methods",
    "Validity values exceed those of different traits by the same method",
    "Traits relate in the same order in every block",
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MultitraitResult(Result):
    """A multitrait–multimethod matrix.

    Attributes
    ----------
    matrix : DataFrame, rows and columns method and trait
        Correlations, with reliabilities in the diagonal (NaN where none is known).
    pairs : DataFrame, index method_1, trait_1, method_2, trait_2
        ``kind`` ("monotrait-heteromethod" for validity values, "heterotrait-monomethod",
        "heterotrait-heteromethod"), ``r``, its interval, ``pvalue``, ``n``.
    kinds : DataFrame, index kind
        ``n`` correlations, their ``mean``, ``min`` and ``max``; reliabilities among them.
    comparisons : DataFrame, index 1 to 4
        Campbell and Fiske's ``question``, the comparisons that hold (``n_met``), all of
        them (``n``), and their ``share``.
    concordance : float
        Kendall's W of the order in which the blocks put the relations of traits; NaN with
        fewer than three traits.
    """

    title: ClassVar[str] = "Multitrait–multimethod matrix"

    matrix: pd.DataFrame
    pairs: pd.DataFrame
    kinds: pd.DataFrame
    comparisons: pd.DataFrame
    concordance: float

    def to_frame(self) -> pd.DataFrame:
        """Give the matrix."""
        return self.matrix.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field as plain Python objects; the matrix by "method trait"."""
        named = self.matrix.copy()
        named.index = pd.Index([" ".join(key) for key in self.matrix.index], name="measure")
        named.columns = pd.Index(list(named.index))
        plain = super().to_dict()
        plain["matrix"] = [
            {"measure": name, **{k: None if np.isnan(v) else float(v) for k, v in line.items()}}
            for name, line in named.iterrows()
        ]
        return plain


def mtmm(
    data: Any,
    measures: Mapping[Any, Any],
    *,
    reliability: Mapping[Measure, float] | None = None,
    missing: str = "listwise",
    conf_level: float = 0.95,
) -> MultitraitResult:
    """Build a multitrait–multimethod matrix and count Campbell and Fiske's comparisons.

    Each trait is measured by each method. Correlations of the same trait by different
    methods (validity values) should (1) be above zero, (2) exceed those of different traits
    by different methods in the same row and column, (3) exceed those of different traits by
    the same method, and (4) traits should relate in the same order in every block.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows. NaN is missing.
    measures : mapping (trait, method) → column or columns, or trait → method → the same
        Several columns are averaged, for the persons who have all of them, and their
        coefficient alpha stands in the diagonal. Not every method must measure every trait.
    reliability : mapping (trait, method) → float, optional
        For the diagonal, instead of alpha or where there is a single column.
    missing : {"listwise", "pairwise"}
    conf_level : float
        Of the intervals; the first question asks for probabilities below its complement.

    Returns
    -------
    MultitraitResult

    Raises
    ------
    DataError
        For fewer than two traits or methods, a column in two measures, and measures that
        cannot be correlated.
    OptionError
        For measures of another shape.

    Notes
    -----
    Equals ``cor(x)`` of the means, and ``psych::alpha(items)$total$raw_alpha`` in the
    diagonal. Counts are descriptive: comparisons share correlations, and none is a test
    (Campbell & Fiske, 1959). Models of trait and method factors follow from `cfa`.

    References
    ----------
    Campbell, D. T., & Fiske, D. W. (1959). Convergent and discriminant validation by the
    multitrait-multimethod matrix. *Psychological Bulletin, 56*, 81–105.
    https://doi.org/10.1037/h0046016

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=300)
    >>> frame = pd.DataFrame({
    ...     f"{trait}_{method}": traits[:, t] + rng.normal(size=300)
    ...     for t, trait in enumerate(["trust", "safety"]) for method in ["self", "peer"]
    ... })
    >>> measures = {
    ...     trait: {method: f"{trait}_{method}" for method in ["self", "peer"]}
    ...     for trait in ["trust", "safety"]
    ... }
    >>> found = tm.mtmm(frame, measures)
    >>> found.comparisons[["n_met", "n"]]
       n_met  n
    1      2  2
    2      4  4
    3      4  4
    4      0  0
    """
    check_option("missing", missing, ("listwise", "pairwise"))
    check_level("conf_level", conf_level)
    chosen = _measures(measures)
    traits, methods = (list(dict.fromkeys(key[part] for key in chosen)) for part in (0, 1))
    if len(traits) < 2 or len(methods) < 2:
        raise DataError(
            f"measures= hold {len(traits)} trait(s) and {len(methods)} method(s); a "
            "multitrait–multimethod matrix needs at least 2 of each."
        )
    chosen = {key: chosen[key] for m in methods for key in chosen if key[1] == m}
    block, diagonal = _scores(data, chosen, _given(reliability, chosen))
    notes = Notes()
    if missing == "listwise":
        values, dropped = listwise(block, min_persons=4)
        moments = listwise_moments(values)
        if dropped:
            notes.record(dropped_note(dropped, block.n_persons))
    else:
        values, dropped = answered_by_anyone(block, notes)
        refuse_constant(values, block.names)
        moments = pairwise_moments(values)
    r, counts = moments.correlation, moments.counts
    if np.isnan(r).any() or (counts < 4).any():
        i, j = np.argwhere(np.isnan(r) | (counts < 4))[0]
        raise DataError(
            f"'{block.names[i]}' and '{block.names[j]}' cannot be correlated: {counts[i, j]} "
            "persons have both."
        )

    keys = list(chosen)
    trait = np.array([traits.index(key[0]) for key in keys])
    method = np.array([methods.index(key[1]) for key in keys])
    pairs = _pairs(r, counts, keys, trait, method, conf_level)
    found = multitrait.comparisons(r, trait, method)
    names = pd.MultiIndex.from_tuples([(m, t) for t, m in keys], names=["method", "trait"])
    matrix = r.copy()
    np.fill_diagonal(matrix, diagonal)
    valid = (pairs["kind"] == multitrait.VALIDITY).to_numpy()
    met = (pairs["r"] > 0) & (pairs["pvalue"] < 1 - conf_level)
    return MultitraitResult(
        n=len(values),
        n_dropped=dropped,
        matrix=pd.DataFrame(matrix, index=names, columns=names),
        pairs=pairs,
        kinds=_kinds(pairs, diagonal),
        comparisons=_counts(
            [(int(met[valid].sum()), int(valid.sum())), found.between, found.within, found.pattern]
        ),
        concordance=found.concordance,
        settings={
            "measures": {f"{t}, {m}": columns for (t, m), columns in chosen.items()},
            "missing": missing,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _measures(measures: Any) -> dict[Measure, list[str]]:
    """Bring both shapes of ``measures`` to (trait, method) → columns."""
    if not isinstance(measures, Mapping) or not measures:
        raise OptionError(
            "measures= must map (trait, method) to columns, as {('trust', 'self'): ['t1', 't2']}, "
            "or trait to method to columns."
        )
    flat: dict[Measure, list[str]] = {}
    for key, inner in measures.items():
        entries = (
            {(key, method): columns for method, columns in inner.items()}
            if isinstance(inner, Mapping)
            else {key: inner}
        )
        for measure, columns in entries.items():
            if not (isinstance(measure, tuple) and len(measure) == 2):
                raise OptionError(
                    f"measures= names {measure!r}; expected a pair, as ('trust', 'self report')."
                )
            names = [columns] if isinstance(columns, str) else [str(name) for name in columns]
            flat[str(measure[0]), str(measure[1])] = names
    every = [name for names in flat.values() for name in names]
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise DataError(f"Column(s) {listed(twice)} belong to two measures.")
    empty = [" by ".join(key) for key, names in flat.items() if not names]
    if empty:
        raise DataError(f"{listed(empty)} have no column.")
    return flat


def _given(
    reliability: Mapping[Measure, float] | None, chosen: Mapping[Measure, Sequence[str]]
) -> dict[Measure, float]:
    unknown = [key for key in reliability or {} if key not in chosen]
    if unknown:
        raise OptionError(
            f"reliability= names {listed(unknown)}, which are no measures here: {listed(chosen)}."
        )
    return {
        k: checked_reliability(f"reliability of {k}", v) for k, v in (reliability or {}).items()
    }


def _scores(
    data: Any, chosen: Mapping[Measure, list[str]], given: Mapping[Measure, float]
) -> tuple[Items, list[float]]:
    """Average the columns of each measure, and estimate what the average is worth."""
    every = [name for names in chosen.values() for name in names]
    block = as_items(data, items=every, min_items=4, min_persons=4)
    place = {name: j for j, name in enumerate(block.names)}
    columns, diagonal = [], []
    for key, names in chosen.items():
        answers = block.values[:, [place[name] for name in names]]
        columns.append(answers.mean(axis=1))
        diagonal.append(given.get(key, np.nan))
        if key not in given and len(names) > 1:
            complete = answers[~np.isnan(columns[-1])]
            if len(complete) > 2:
                diagonal[-1] = consistency(structure(np.cov(complete.T))).alpha
    labels = tuple(f"{trait} by {method}" for trait, method in chosen)
    return Items(values=np.column_stack(columns), names=labels), diagonal


def _pairs(
    r: FloatArray,
    counts: NDArray[np.int64],
    keys: Sequence[Measure],
    trait: NDArray[np.intp],
    method: NDArray[np.intp],
    level: float,
) -> pd.DataFrame:
    rows, names = [], []
    for i, j in combinations(range(len(keys)), 2):
        value, n = float(r[i, j]), int(counts[i, j])
        low, high = correlation_intervals.fisher_limits(value, n, level)
        names.append((keys[i][1], keys[i][0], keys[j][1], keys[j][0]))
        rows.append(
            {
                "kind": multitrait.kind(trait[i], method[i], trait[j], method[j]),
                "r": value,
                "ci_low": low,
                "ci_high": high,
                "pvalue": correlation_intervals.correlation_pvalue(value, n),
                "n": n,
            }
        )
    parts = ["method_1", "trait_1", "method_2", "trait_2"]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(names, names=parts))


def _kinds(pairs: pd.DataFrame, diagonal: Sequence[float]) -> pd.DataFrame:
    groups = {"reliability": np.array([value for value in diagonal if not np.isnan(value)])}
    kind, r = pairs["kind"].to_numpy(), pairs["r"].to_numpy()
    for name in (multitrait.VALIDITY, multitrait.WITHIN, multitrait.BETWEEN):
        groups[name] = r[kind == name]
    rows = [
        {
            "n": len(v),
            "mean": v.mean() if len(v) else np.nan,
            "min": v.min() if len(v) else np.nan,
            "max": v.max() if len(v) else np.nan,
        }
        for v in groups.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(list(groups), name="kind"))


def _counts(found: Sequence[tuple[int, int]]) -> pd.DataFrame:
    met, n = (np.array(part, dtype=np.int64) for part in zip(*found, strict=True))
    with np.errstate(invalid="ignore"):
        share = met / np.where(n, n, np.nan)
    return pd.DataFrame(
        {"question": list(QUESTIONS), "n_met": met, "n": n, "share": share},
        index=pd.RangeIndex(1, len(QUESTIONS) + 1),
    )
