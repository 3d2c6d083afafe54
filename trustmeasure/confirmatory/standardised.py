"""Estimates in standard deviations of the variables, and shares of variance explained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.specification import Block, Specification
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.structural import matrices

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def standardised(specification: Specification, model: Model, parameters: FloatArray) -> FloatArray:
    """Give every row of the table in standard deviations, shape (…, rows).

    Loadings and slopes per standard deviation of both sides; variances and means relative to
    the variable's own; covariances as correlations (of residuals, where they are these).
    """
    table = specification.table
    lead = parameters.shape[:-1]
    found = np.full((*lead, len(table.parameters)), np.nan)
    for block, layout in zip(specification.blocks, model.layouts, strict=True):
        parts = matrices(layout, parameters)
        latent = _latent_spread(parts["beta"], parts["psi"])
        sd_observed = _roots(_variances(parts, latent))
        sd_latent = _roots(np.diagonal(latent, axis1=-2, axis2=-1))
        above = np.where(sd_latent > 0, sd_latent, np.nan)
        for name, (places, i, j) in _cells(block).items():
            if name in ("nu", "alpha"):
                own = sd_observed if name == "nu" else sd_latent
                found[..., places] = _over(parts[name][..., i], own[..., i])
                continue
            if name in ("lambda", "beta"):
                side = sd_observed if name == "lambda" else sd_latent
                scale = side[..., i] / above[..., j]
            else:
                whole = sd_observed if name == "theta" else sd_latent
                residual = np.abs(np.diagonal(parts[name], axis1=-2, axis2=-1))
                scale = np.where(
                    i == j, whole[..., i] ** 2, np.sqrt(residual[..., i] * residual[..., j])
                )
            found[..., places] = _over(parts[name][..., i, j], scale)
    return found


def _latent_spread(beta: FloatArray, psi: FloatArray) -> FloatArray:
    """Give the covariances (…, m, m) of latent variables."""
    if not beta.any():
        return psi
    through = np.linalg.inv(np.eye(beta.shape[-1]) - beta)
    return np.asarray(through @ psi @ np.swapaxes(through, -1, -2))


def _variances(parts: Mapping[str, FloatArray], latent: FloatArray) -> FloatArray:
    """Give the variances (…, p) that a model implies."""
    loadings = parts["lambda"]
    common = ((loadings @ latent) * loadings).sum(axis=-1)
    return np.asarray(common + np.diagonal(parts["theta"], axis1=-2, axis2=-1))


def _cells(block: Block) -> dict[str, tuple[IntArray, IntArray, IntArray]]:
    """Give, for each matrix, the rows of the table with their rows and columns in it."""
    lists: dict[str, list[tuple[int, int, int]]] = {}
    for place, (name, i, j) in block.cells.items():
        lists.setdefault(name, []).append((place, i, j))
    return {name: tuple(np.asarray(cells, dtype=np.intp).T) for name, cells in lists.items()}


def _roots(variances: FloatArray) -> FloatArray:
    """Give standard deviations, NaN where the model implies a negative variance."""
    return np.asarray(np.sqrt(np.where(variances < 0, np.nan, variances)))


def _over(value: FloatArray, scale: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((value == 0) & ~np.isnan(scale), 0.0, value / scale)


def explained(
    specification: Specification, model: Model, parameters: FloatArray
) -> list[dict[str, float]]:
    """Give R² of every variable that the model explains, a mapping for each group."""
    table = specification.table
    found = []
    for group, (block, layout) in enumerate(
        zip(specification.blocks, model.layouts, strict=True), start=1
    ):
        parts = matrices(layout, parameters)
        latent = _latent_spread(parts["beta"], parts["psi"])
        variances = _variances(parts, latent)
        shares: dict[str, float] = {}
        rows = [row for row in table.parameters if row.group == group]
        outcomes = [row.rhs if row.op == "=~" else row.lhs for row in rows if row.op in ("=~", "~")]
        for name in dict.fromkeys(outcomes):
            if name in block.latent:
                i = block.latent.index(name)
                rest, total = parts["psi"][i, i], latent[i, i]
            else:
                i = block.observed.index(name)
                rest, total = parts["theta"][i, i], variances[i]
            shares[name] = float(1.0 - rest / total) if total > 0 else float("nan")
        found.append(shares)
    return found
