"""Estimates as frames: with standard errors, intervals, standardised values and definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.estimation import Estimates
from trustmeasure.confirmatory.inference import Inference
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.confirmatory.standardised import explained, standardised, standardised_slopes

FloatArray = NDArray[np.float64]


def estimates_frame(
    specification: Specification,
    found: Estimates,
    inference: Inference,
    labels: Sequence[Any],
    conf_level: float,
) -> pd.DataFrame:
    """Give one row a parameter, in the table's order, then what the model defines."""
    table = specification.table
    values, errors = _values(specification, found, inference)
    std, std_errors, slopes = _standardised(specification, found, inference)
    rows = table.parameters
    texts: dict[str, Any] = {
        "lhs": [row.lhs for row in rows],
        "op": [row.op for row in rows],
        "rhs": [row.rhs for row in rows],
        "group": [labels[row.group - 1] for row in rows],
        "label": [row.label for row in rows],
    }
    numbers = [values, errors, std, std_errors]
    defined = _defined(specification, found, inference, std, slopes)
    if defined:
        for name in ("lhs", "label"):
            texts[name] += [one[0][0] for one in defined]
        texts["op"] += [":="] * len(defined)
        texts["rhs"] += [one[0][1] for one in defined]
        texts["group"] += [None] * len(defined)
        if not all(isinstance(label, str) for label in labels):
            # Numbers that name groups stay as they are beside rows of no group.
            texts["group"] = np.array(texts["group"], dtype=object)
        numbers = [
            np.append(part, [one[k] for one in defined]) for k, part in enumerate(numbers, start=1)
        ]
    named = dict(zip(("est", "se", "std", "se_std"), numbers, strict=True))
    return _tested({**texts, **named}, conf_level, grouped=list(labels) != [None])


def with_tests(frame: pd.DataFrame, conf_level: float, *, grouped: bool) -> pd.DataFrame:
    """Add what follows from estimates and their errors: z, p and the interval."""
    columns = {str(name): frame[name].to_numpy() for name in frame}
    return _tested(columns, conf_level, grouped=grouped)


def _tested(columns: Mapping[str, Any], conf_level: float, *, grouped: bool) -> pd.DataFrame:
    from scipy.special import ndtr, ndtri

    known = np.asarray(columns["se"], dtype=np.float64)
    estimate = np.asarray(columns["est"], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(known > 0, estimate / known, np.nan)
    half = float(ndtri(0.5 + conf_level / 2)) * known
    found = {
        **columns,
        "z": z,
        "pvalue": 2.0 * ndtr(-np.abs(z)),
        "ci_low": estimate - half,
        "ci_high": estimate + half,
    }
    order = ["lhs", "op", "rhs", *(["group"] if grouped else []), "label", "est", "se", "z",
             "pvalue", "ci_low", "ci_high", "std", "se_std"]  # fmt: skip
    return pd.DataFrame({name: found[name] for name in order})


def _values(
    specification: Specification, found: Estimates, inference: Inference
) -> tuple[FloatArray, FloatArray]:
    """Values of all rows, and their standard errors, 0 where fixed."""
    parts = [layout.fixed for layout in found.model.layouts]
    spread = np.sqrt(np.maximum(inference.covariance.diagonal(), 0.0))
    values, errors = [], []
    for place, row in enumerate(specification.table.parameters):
        if row.free:
            values.append(found.parameters[row.free - 1])
            errors.append(spread[row.free - 1])
            continue
        name, i, j = specification.blocks[row.group - 1].cells[place]
        matrix = parts[row.group - 1][name]
        values.append(matrix[i] if name in ("nu", "alpha") else matrix[i, j])
        errors.append(0.0)
    return np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)


def delta_errors(
    function: Callable[[FloatArray], FloatArray], point: FloatArray, covariance: FloatArray
) -> FloatArray:
    """Give the standard errors of functions of the parameters, by the delta method.

    ``function`` takes stacks of parameters (s, n_free); derivatives are central differences.
    """
    moves = np.diag(1e-5 * np.maximum(1.0, np.abs(point)))
    up, down = np.split(function(np.concatenate([point + moves, point - moves])), 2)
    slopes = (up - down) / (2 * np.diag(moves)[:, None])
    return _errors(slopes.T, covariance)


def _standardised(
    specification: Specification, found: Estimates, inference: Inference
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Standardised values, their standard errors, and their slopes (rows, n_free)."""
    values = standardised(specification, found.model, found.parameters)
    slopes = standardised_slopes(specification, found.model, found.parameters, values)
    errors = _errors(slopes, inference.covariance)
    errors = np.where(np.isfinite(values), errors, np.nan)
    return values, np.where(errors < 1e-9, 0.0, errors), slopes


def _errors(slopes: FloatArray, covariance: FloatArray) -> FloatArray:
    """Delta method: standard errors (a,) of functions with these slopes (a, n_free)."""
    return np.asarray(np.sqrt(np.maximum(((slopes @ covariance) * slopes).sum(axis=1), 0.0)))


def _defined(
    specification: Specification,
    found: Estimates,
    inference: Inference,
    std: FloatArray,
    std_slopes: FloatArray,
) -> list[tuple[tuple[str, str], float, float, float, float]]:
    """Values and errors of what the model defines, plain and in standard deviations."""
    rows: list[tuple[tuple[str, str], float, float, float, float]] = []
    table = specification.table
    if not table.definitions:
        return rows
    free_rows = np.array(
        [next(i for i, r in enumerate(table.parameters) if r.free == k + 1)
         for k in range(table.n_free)], dtype=np.intp
    )  # fmt: skip
    for definition in table.definitions:
        value, slope = definition.expression.evaluate(found.parameters)
        standard, outer = definition.expression.evaluate(std[free_rows])
        both = np.stack([slope, outer @ std_slopes[free_rows]])
        error, standard_error = _errors(both, inference.covariance).tolist()
        text = definition.text.split(":=")[-1].strip()
        rows.append(((definition.name, text), float(value), error, float(standard), standard_error))
    return rows


def r_squared_frame(
    specification: Specification, found: Estimates, labels: Sequence[Any]
) -> pd.DataFrame:
    """Give R² of what the model explains, one column a group."""
    shares = explained(specification, found.model, found.parameters)
    names = ["r_squared"] if labels == [None] else list(labels)
    index = list(dict.fromkeys(name for group in shares for name in group))
    values = [[group.get(name, np.nan) for group in shares] for name in index]
    return pd.DataFrame(
        np.array(values, dtype=np.float64).reshape(-1, len(names)), index=index, columns=names
    )
