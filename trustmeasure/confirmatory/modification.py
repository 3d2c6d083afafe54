"""What a model would gain from one parameter more, or from one equality less: score tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_level, check_option
from trustmeasure.confirmatory.admissibility import describe
from trustmeasure.confirmatory.estimation import score_and_information, statistic_factor
from trustmeasure.confirmatory.language.equalities import equality_matrix
from trustmeasure.confirmatory.language.parameters import Constraint, Parameter, ParameterTable
from trustmeasure.confirmatory.results import Fitted
from trustmeasure.confirmatory.specification import Block, Specification, specify
from trustmeasure.errors import OptionError
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.sandwich import scaled_inverse
from trustmeasure.kernels.structural import Layout, implied, matrices

FloatArray = NDArray[np.float64]

OPERATORS = ("=~", "~", "~~", "~1")
# A parameter of which the others leave no more than this share of information is not identified.
UNIDENTIFIED = 1e-7


@dataclass(frozen=True)
class Candidates:
    """What a model could have besides, at its estimates.

    Attributes
    ----------
    specification : Specification
        With the candidates as free parameters, after those that the model has.
    places : ndarray of int
        Rows of the candidates.
    basis : ndarray, shape (n_free, n_reduced)
        Of the model itself.
    gradient, information : ndarray
        Of half the discrepancy of one person, in all parameters, candidates last.
    factor : float
        What turns that discrepancy into χ²: persons.
    lv, everything : ndarray, shape (rows,)
        What a change is multiplied by in standard deviations.
    """

    specification: Specification
    places: NDArray[np.intp]
    basis: FloatArray
    gradient: FloatArray
    information: FloatArray
    factor: float
    lv: FloatArray
    everything: FloatArray


@dataclass(frozen=True)
class Wanted:
    """Which indices are wanted; see `StructuralModel.modification_indices`."""

    minimum: float
    sort: bool
    op: str | Sequence[str] | None
    power: bool
    delta: float
    alpha: float

    def operators(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Give the kinds of parameters that are wanted, and check them and the level."""
        check_level("alpha", self.alpha)
        wanted = known if self.op is None else (self.op,) if isinstance(self.op, str) else self.op
        for one in wanted:
            check_option("op", one, known)
        return tuple(wanted)


def modification_indices(fitted: Fitted, labels: Sequence[Any], wanted: Wanted) -> pd.DataFrame:
    """Test every parameter that the model fixes; see `StructuralModel.modification_indices`."""
    _refuse_unweighted(fitted)
    operators = wanted.operators(OPERATORS)
    return tested(_candidates_of(fitted), labels, wanted, operators)


def _candidates_of(fitted: Fitted) -> Candidates:
    table = fitted.specification.table
    extended, places = extended_table(table)
    specification = specify(extended)
    model = specification.model(fitted.samples.covariances, fitted.samples.means)
    point = np.concatenate([fitted.estimates.parameters, added_starts(table, extended)])
    unrestricted = replace(model, basis=np.eye(len(point)), origin=np.zeros(len(point)))
    gradient, information = score_and_information(unrestricted, fitted.data, point)
    lv, everything = change_scales(specification, model, point)
    return Candidates(
        specification=specification,
        places=places,
        basis=fitted.estimates.model.basis,
        gradient=gradient,
        information=information,
        factor=statistic_factor(fitted.data),
        lv=lv,
        everything=everything,
    )


def tested(
    found: Candidates, labels: Sequence[Any], wanted: Wanted, operators: Sequence[str]
) -> pd.DataFrame:
    """Put the tests of all candidates into a frame, those that are wanted."""
    mi, epc = _univariate(found)
    frame = _frame(found.specification.table, found.places, labels)
    frame["mi"], frame["epc"] = mi, epc
    frame["sepc_lv"] = epc * found.lv[found.places]
    frame["sepc_all"] = epc * found.everything[found.places]
    if wanted.power:
        frame = pd.concat([frame, _power(mi, epc, wanted.delta, wanted.alpha)], axis=1)
    keep = frame["mi"].notna() & (frame["mi"] >= wanted.minimum) & frame["op"].isin(operators)
    frame = frame[keep]
    if wanted.sort:
        frame = frame.sort_values("mi", ascending=False, kind="stable")
    return frame.reset_index(drop=True)


def _refuse_unweighted(fitted: Fitted) -> None:
    if fitted.data.estimator == "ULS":
        raise OptionError(
            "There are no score tests for estimator='ULS', whose statistic has no χ² distribution. "
            "Fit the model with estimator='ML' or 'MLR'."
        )


def added_starts(table: ParameterTable, extended: ParameterTable) -> FloatArray:
    """Give the values that candidates have in the model, which does not free them."""
    return np.array([row.start for row in extended.parameters if row.free > table.n_free])


def extended_table(
    table: ParameterTable,
    *,
    operators: Sequence[str] = OPERATORS,
    derived: Callable[[Parameter], bool] = lambda row: False,
) -> tuple[ParameterTable, NDArray[np.intp]]:
    """Free what the table fixes, and add what it leaves out; give the rows that are new free ones.

    Moments of exogenous variables, which are the data's, stay as they are, and so does what is
    ``derived``.
    """
    rows: list[Parameter] = []
    places: list[int] = []
    free = table.n_free
    for row in table.parameters:
        if not row.free and not row.exo and row.op in operators and not derived(row):
            free += 1
            places.append(len(rows))
            rows.append(replace(row, free=free, start=row.value, value=math.nan))
        else:
            rows.append(row)
    for group in range(1, table.n_groups + 1):
        known = {
            key
            for row in table.parameters
            if row.group == group
            for key in _keys(row.lhs, row.op, row.rhs)
        }
        for lhs, op, rhs in _candidates(table, group):
            if (lhs, op, rhs) in known:
                continue
            free += 1
            places.append(len(rows))
            rows.append(Parameter(lhs, op, rhs, group=group, free=free, start=0.0, user=False))
    return replace(table, parameters=tuple(rows)), np.asarray(places, dtype=np.intp)


def _keys(lhs: str, op: str, rhs: str) -> list[tuple[str, str, str]]:
    return [(lhs, op, rhs), (rhs, op, lhs)] if op == "~~" else [(lhs, op, rhs)]


def _candidates(table: ParameterTable, group: int) -> Iterator[tuple[str, str, str]]:
    """Name the parameters that a model of these variables could have, in lavaan's order."""
    latent = table.names("lv", group=group)
    observed = table.names("ov", group=group)
    modelled = table.names("ov.nox", group=group)
    indicators = set(table.names("ov.ind", group=group))
    own = [row for row in table.parameters if row.group == group and row.op == "~"]
    related = list(dict.fromkeys([row.lhs for row in own] + [row.rhs for row in own]))
    for factor in latent:
        for name in modelled:
            if name not in related:
                yield factor, "=~", name
    measured = [name for name in modelled if name in indicators]
    for kind in (measured, latent):
        for a, b in combinations_with_replacement(kind, 2):
            yield a, "~~", b
    given = {
        row.lhs for row in table.parameters if row.exo and row.op != "~" and row.group == group
    }
    for a, b in permutations(related, 2):
        # What explains an exogenous variable is beyond a model that takes it as given.
        if a not in given and not (a in indicators and b in latent):
            yield a, "~", b
    if table.meanstructure:
        for name in (*observed, *latent):
            if name not in given:
                yield name, "~1", ""


def _univariate(found: Candidates) -> tuple[FloatArray, FloatArray]:
    """Give the test and the expected change of each new parameter, added alone."""
    old, basis, information = len(found.basis), found.basis, found.information
    across = basis.T @ information[:old, old:]
    inverse = scaled_inverse(basis.T @ information[:old, :old] @ basis)
    own = np.diag(information)[old:]
    rest = own - (across * (inverse @ across)).sum(axis=0)
    rest = np.where(rest > UNIDENTIFIED * own, rest, np.nan)
    slope = found.gradient[old:]
    return found.factor * slope**2 / rest, -slope / rest


def change_scales(
    specification: Specification, model: Model, point: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give what each row is multiplied by in standard deviations: latent ones alone, or all."""
    size = len(specification.table.parameters)
    lv, everything = np.ones(size), np.ones(size)
    for block, layout in zip(specification.blocks, model.layouts, strict=True):
        sds = _deviations(block, layout, point)
        for place, (name, i, j) in block.cells.items():
            for found, (observed, latent, residual) in zip((lv, everything), sds, strict=True):
                if name == "lambda":
                    found[place] = latent[j] / observed[i]
                elif name == "beta":
                    found[place] = latent[j] / latent[i]
                elif name in ("nu", "alpha"):
                    found[place] = 1.0 / (observed if name == "nu" else latent)[i]
                else:
                    whole = latent if name == "psi" else observed
                    found[place] = _covariance_scale(residual[name], whole, i, j)
    return lv, everything


def _covariance_scale(residual: FloatArray, whole: FloatArray, i: int, j: int) -> float:
    """Make a covariance a correlation of residuals, a variance a share of the whole."""
    return float(1.0 / (whole[i] ** 2 if i == j else residual[i] * residual[j]))


Deviations = tuple[FloatArray, FloatArray, dict[str, FloatArray]]


def _deviations(block: Block, layout: Layout, point: FloatArray) -> tuple[Deviations, Deviations]:
    """Give standard deviations of a group: with observed variables as they are, and with all."""
    parts = matrices(layout, point)
    moments = implied(parts)
    through = np.linalg.inv(np.eye(len(block.latent)) - parts["beta"])
    latent = _roots(np.diag(through @ parts["psi"] @ through.T))
    observed = _roots(np.diag(moments.spread))
    residual = {name: _roots(np.abs(np.diag(parts[name]))) for name in ("psi", "theta")}
    stands = np.array([name in block.stand_ins for name in block.latent], dtype=bool)
    plain = (
        np.ones(len(observed)),
        np.where(stands, 1.0, latent),
        {"psi": np.where(stands, 1.0, residual["psi"]), "theta": np.ones(len(observed))},
    )
    return plain, (observed, latent, residual)


def _roots(variances: FloatArray) -> FloatArray:
    """Give standard deviations; NaN where there is none to measure by."""
    return np.asarray(np.sqrt(np.where(variances > 0, variances, np.nan)))


def _frame(table: ParameterTable, places: NDArray[np.intp], labels: Sequence[Any]) -> pd.DataFrame:
    rows = [table.parameters[place] for place in places]
    columns: dict[str, list[Any]] = {
        "lhs": [row.lhs for row in rows],
        "op": [row.op for row in rows],
        "rhs": [row.rhs for row in rows],
    }
    if len(labels) > 1:
        columns["group"] = [labels[row.group - 1] for row in rows]
    return pd.DataFrame(columns)


def _power(mi: FloatArray, epc: FloatArray, delta: float, alpha: float) -> pd.DataFrame:
    """Judge each index by the power to find a change of ``delta`` (Saris, Satorra & van der Veld).

    Decisions: "inconclusive", "misspecified" (significant where power is low), "fine" (not
    significant where power is high); with both, "small" or "large" by the expected change.
    """
    from scipy.special import chdtrc, chdtri, chndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        ncp = np.where(epc != 0, mi / epc**2, np.nan) * delta**2
    critical = float(chdtri(1, alpha))
    power = 1.0 - chndtr(critical, 1, ncp)
    significant, high = chdtrc(1, mi) < alpha, power > 0.75
    decision = np.where(
        significant,
        np.where(high, np.where(np.abs(epc) > delta, "large", "small"), "misspecified"),
        np.where(high, "fine", "inconclusive"),
    )
    return pd.DataFrame({"ncp": ncp, "power": power, "decision": decision})


def score_tests(fitted: Fitted) -> pd.DataFrame:
    """Test every equality constraint; see `StructuralModel.score_tests`."""
    _refuse_unweighted(fitted)
    table, size = fitted.specification.table, fitted.specification.table.n_free
    refuse_nothing_equal(table)
    free = replace(fitted.estimates.model, basis=np.eye(size), origin=np.zeros(size))
    gradient, information = score_and_information(free, fitted.data, fitted.estimates.parameters)
    df = size - fitted.estimates.model.basis.shape[1]
    return released(table, gradient, information, factor=statistic_factor(fitted.data), df=df)


def refuse_nothing_equal(table: ParameterTable) -> None:
    """Refuse score tests of a model that holds nothing equal."""
    if not table.equalities:
        raise OptionError(
            "The model holds nothing equal, so there are no equalities to test. Equal labels, "
            "'==' and group_equal= hold parameters equal; for parameters that the model leaves "
            "out, see .modification_indices()."
        )


def released(
    table: ParameterTable,
    gradient: FloatArray,
    information: FloatArray,
    *,
    factor: float,
    df: int,
) -> pd.DataFrame:
    """Let go each equality of a table alone, and all of them, which ``df`` counts.

    ``gradient`` (n_free,), ``information`` (n_free, n_free) and ``factor`` are as those of
    `Candidates`.
    """
    from scipy.special import chdtrc

    size = table.n_free
    rows = []
    for one in table.equalities:
        others = tuple(kept for kept in table.constraints if kept is not one)
        basis, _ = equality_matrix(replace(table, constraints=others))
        change = _release(gradient, information, basis)
        chisq = float(-factor * gradient @ change)
        rows.append((_text(one, table), chisq, 1, float(chdtrc(1, chisq)), _gap(one, change)))
    everything = _release(gradient, information, np.eye(size))
    total = float(-factor * gradient @ everything)
    rows.append(("all", total, df, float(chdtrc(df, total)), math.nan))
    return pd.DataFrame(rows, columns=["constraint", "chisq", "df", "pvalue", "epc"])


def _release(gradient: FloatArray, information: FloatArray, basis: FloatArray) -> FloatArray:
    """Give the change of all parameters in one scoring step along a basis."""
    inner = basis.T @ information @ basis
    inverse = scaled_inverse(inner)
    return np.asarray(-basis @ (inverse @ (basis.T @ gradient)))


def _gap(one: Constraint, change: FloatArray) -> float:
    """Give how far apart the two sides would move."""
    sides = [side.linear(len(change)) for side in (one.lhs, one.rhs)]
    slopes = [side[0] for side in sides if side is not None]
    return float((slopes[0] - slopes[1]) @ change)


def _text(one: Constraint, table: ParameterTable) -> str:
    """Write a constraint with the names of the parameters that it is about."""
    if one.user:
        return one.text
    sides = [describe(table.free[side.places[0]]) for side in (one.lhs, one.rhs)]
    return " == ".join(sides)
