"""Estimates in standard deviations of the variables, and shares of variance explained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.specification import Block, Specification
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.structural import Layout, implied, matrices, slopes

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
        sd_latent = _roots(latent.diagonal(axis1=-2, axis2=-1))
        above = np.where(sd_latent > 0, sd_latent, np.nan)
        for name, (places, i, j) in block.entries.items():
            if name in ("nu", "alpha"):
                own = sd_observed if name == "nu" else sd_latent
                found[..., places] = _over(parts[name][..., i], own[..., i])
                continue
            if name in ("lambda", "beta"):
                side = sd_observed if name == "lambda" else sd_latent
                scale = side[..., i] / above[..., j]
            else:
                whole = sd_observed if name == "theta" else sd_latent
                residual = np.abs(parts[name].diagonal(axis1=-2, axis2=-1))
                scale = np.where(
                    i == j, whole[..., i] ** 2, np.sqrt(residual[..., i] * residual[..., j])
                )
            found[..., places] = _over(parts[name][..., i, j], scale)
    return found


def standardised_slopes(
    specification: Specification, model: Model, parameters: FloatArray, values: FloatArray
) -> FloatArray:
    """Differentiate the standardised values (rows,) in the parameters (n_free,).

    Each is a parameter times powers of variances, so that its derivative is its own part, and
    itself times those of the variances' logarithms. A variance of zero has none.
    """
    rows = specification.table.parameters
    found = np.zeros((len(values), len(parameters)))
    units = np.zeros(len(values))
    for block, layout in zip(specification.blocks, model.layouts, strict=True):
        variances, turns = _variances_and_slopes(layout, matrices(layout, parameters))
        powers = _powers(block, len(values))
        size = np.where(variances == 0, 1.0, variances)
        found += powers @ (turns / size[:, None])
        units += powers @ np.log(np.abs(size))
    found *= np.where(values == 0, 0.0, values)[:, None]
    free = np.array([row.free for row in rows], dtype=np.intp)
    own = np.flatnonzero(free)
    found[own, free[own] - 1] += np.exp(units[own])
    return found


def _powers(block: Block, n_rows: int) -> FloatArray:
    """Give the powers of the variances (n_rows, v) that each row of the table is multiplied by."""
    p, m = len(block.observed), len(block.latent)
    residual, disturbance = p + m, p + m + p
    powers = np.zeros((n_rows, 2 * (p + m)))
    for name, (places, i, j) in block.entries.items():
        # Variances of the rows' side, then of the columns' or of the residuals.
        side, rest = (0, residual) if name in ("lambda", "theta", "nu") else (p, disturbance)
        if name in ("lambda", "beta", "nu", "alpha"):
            powers[places, side + i] = -0.5
        if name in ("lambda", "beta"):
            powers[places, p + j] = 0.5
        elif name in ("theta", "psi"):
            # Variances are shares of the whole, covariances correlations of what is left.
            powers[places, np.where(i == j, side, rest) + i] -= 0.5
            powers[places, np.where(i == j, side, rest) + j] -= 0.5
    return powers


def _variances_and_slopes(
    layout: Layout, parts: Mapping[str, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Give variances (v,) and their derivatives (v, n_free).

    They are those of observed and of latent variables, then of residuals and of disturbances.
    """
    moments = implied(parts)
    change = slopes(layout, moments)
    p, m = parts["lambda"].shape
    through = np.linalg.inv(np.eye(m) - parts["beta"])
    latent = through @ parts["psi"] @ through.T
    whole = (moments.spread, latent, parts["theta"], parts["psi"])
    turns = np.zeros((layout.n_free, 2 * (p + m)))
    # A parameter stands in several cells where a label holds them equal.
    np.add.at(turns[:, :p], change.used, 2.0 * change.weight[:, None] * change.left * change.right)
    rows, columns, which = layout.places["psi"]
    twice = np.where(rows == columns, 1.0, 2.0)
    np.add.at(turns[:, p : p + m], which, (twice * through[:, rows] * through[:, columns]).T)
    rows, columns, which = layout.places["beta"]
    np.add.at(turns[:, p : p + m], which, (2.0 * through[:, rows] * latent[:, columns]).T)
    for name, begin in (("theta", p + m), ("psi", p + m + p)):
        rows, columns, which = layout.places[name]
        own = rows == columns
        turns[which[own], begin + rows[own]] = 1.0
    return np.concatenate([part.diagonal() for part in whole]), turns.T


def _latent_spread(beta: FloatArray, psi: FloatArray) -> FloatArray:
    """Give the covariances (…, m, m) of latent variables."""
    if not beta.any():
        return psi
    through = np.linalg.inv(np.eye(beta.shape[-1]) - beta)
    return np.asarray(through @ psi @ through.mT)


def _variances(parts: Mapping[str, FloatArray], latent: FloatArray) -> FloatArray:
    """Give the variances (…, p) that a model implies."""
    loadings = parts["lambda"]
    common = ((loadings @ latent) * loadings).sum(axis=-1)
    return np.asarray(common + parts["theta"].diagonal(axis1=-2, axis2=-1))


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
