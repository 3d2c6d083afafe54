"""Covariances that a user has instead of answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.covariance import Moments, to_correlation
from trustmeasure.kernels.reliability import structure
from trustmeasure.reliability.sample import Sample
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


def given_sample(
    cov: Any, *, n_obs: int | None, items: Sequence[str] | None, notes: Notes
) -> tuple[Sample, tuple[str, ...]]:
    """Check a covariance matrix, and give it the place of a sample; names come with it.

    Means are unknown (NaN), and the sample has no answers. Without ``n_obs`` n is 0.
    """
    if n_obs is not None:
        _checks.check_count("n_obs", n_obs, least=3)
    frame = _square(cov)
    if items is not None:
        frame = _chosen(frame, [items] if isinstance(items, str) else [str(i) for i in items])
    names = tuple(frame.columns)
    if len(names) < 2:
        raise DataError(f"cov= holds {len(names)} item(s); at least 2 are needed.")
    matrix = _checked(frame, names)
    k, n = len(names), n_obs or 0
    items_structure = structure(matrix)
    if not items_structure.positive_definite:
        notes.record(
            "The covariances are singular or not positive definite: some items are determined by "
            "others, or no data could have these covariances. lambda6 and r_cor lean on the "
            "others' prediction of an item and mean little here."
        )
    if n_obs is None:
        notes.record("Without n_obs= there are no standard errors and no interval.")
    moments = Moments(
        n=n,
        mean=np.full(k, np.nan),
        covariance=matrix,
        correlation=to_correlation(matrix),
        counts=np.full((k, k), n, dtype=np.int64),
    )
    sample = Sample(np.empty((0, k)), moments, items_structure, complete=True)
    return sample, names


def only_one(data: Any, cov: Any, n_obs: Any) -> None:
    """Refuse data together with covariances, neither of them, and n_obs with data."""
    if (data is None) == (cov is None):
        raise OptionError(
            "Pass either data (persons in rows) or cov= (a covariance matrix), "
            + ("one of them is needed." if data is None else "not both.")
        )
    if cov is None and n_obs is not None:
        raise OptionError("n_obs= goes with cov=; data bring their own number of persons.")


def _square(cov: Any) -> pd.DataFrame:
    if isinstance(cov, pd.DataFrame):
        rows, columns = [str(i) for i in cov.index], [str(c) for c in cov.columns]
        if cov.shape[0] != cov.shape[1] or sorted(rows) != sorted(columns):
            raise DataError(
                f"cov= has {cov.shape[0]} rows and {cov.shape[1]} columns; a covariance matrix "
                "has the same items on both."
            )
        if len(set(columns)) < len(columns):
            raise DataError("cov= names an item more than once.")
        frame = cov.set_axis(rows, axis=0).set_axis(columns, axis=1)
        return frame.loc[columns]
    array = np.asarray(cov)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise DataError(
            f"cov= has the shape {array.shape}; expected a square matrix with one row and one "
            "column an item."
        )
    names = [f"item{j + 1}" for j in range(len(array))]
    return pd.DataFrame(array, index=names, columns=names)


def _chosen(frame: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    unknown = [name for name in wanted if name not in frame.columns]
    if unknown:
        raise DataError(
            f"Item(s) {_checks.listed(unknown)} are not in cov=. Items: "
            f"{_checks.listed(frame.columns)}." + _checks.near(unknown[0], frame.columns)
        )
    if len(set(wanted)) < len(wanted):
        raise DataError("items= names an item more than once.")
    return frame.loc[wanted, wanted]


def _checked(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    try:
        matrix = np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise DataError("cov= holds values that are not numbers.") from None
    if not np.isfinite(matrix).all():
        i, j = np.argwhere(~np.isfinite(matrix))[0]
        raise DataError(f"cov= has no finite value for '{names[i]}' with '{names[j]}'.")
    variance = np.diagonal(matrix)
    if (variance <= 0).any():
        flat = [name for name, v in zip(names, variance, strict=True) if v <= 0]
        raise DataError(f"cov= has a variance that is not positive: {_checks.listed(flat)}.")
    size = np.sqrt(np.outer(variance, variance))
    apart = np.abs(matrix - matrix.T) / size
    if apart.max() > 1e-6:
        i, j = divmod(int(apart.argmax()), len(names))
        raise DataError(
            f"cov= is not symmetric: '{names[i]}' with '{names[j]}' is {matrix[i, j]:.6g} one way "
            f"and {matrix[j, i]:.6g} the other."
        )
    if (np.abs(matrix) / size).max() > 1 + 1e-6:
        off = np.abs(matrix) / size
        i, j = divmod(int(off.argmax()), len(names))
        raise DataError(
            f"cov= gives '{names[i]}' and '{names[j]}' a correlation of "
            f"{matrix[i, j] / size[i, j]:.4g}, beyond 1. Is it a covariance matrix?"
        )
    symmetric: FloatArray = (matrix + matrix.T) / 2
    if symmetric.sum() <= 1e-12 * np.trace(symmetric):
        raise DataError(
            "By cov= the sum of the items does not vary (they cancel each other out), so the "
            "scale has no reliability. Are some items still to be reversed?"
        )
    return symmetric
