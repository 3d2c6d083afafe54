"""What must be said of a factor solution."""

from __future__ import annotations

import math

import numpy as np

from trustmeasure._checks import listed
from trustmeasure.correlation.matrices import Correlations, refuse_dependent
from trustmeasure.errors import ConvergenceWarning, DataWarning
from trustmeasure.exploratory.solving import Solved
from trustmeasure.kernels.covariance import is_positive_definite
from trustmeasure.kernels.factor_extraction import LOWEST_UNIQUENESS
from trustmeasure.kernels.factor_fit import FactorFit
from trustmeasure.kernels.rotation import SAME, Rotated, Rotation
from trustmeasure.results import Notes


def check_definite(found: Correlations, method: str, notes: Notes) -> None:
    """Refuse a matrix without an inverse to the methods that need one; warn the others."""
    if is_positive_definite(found.matrix):
        return
    if method in ("ml", "minrank"):
        refuse_dependent(found, f"method='{method}'")
    few = found.n_obs is not None and found.n_obs <= len(found.names)
    notes.warn(
        "The correlation matrix is not positive definite"
        + (f" ({found.n_obs} persons for {len(found.names)} items)" if few else "")
        + "; loadings are given, but chisq, rmsea, tli, cfi and bic are not defined.",
        DataWarning,
        stacklevel=4,
    )


def note_problems(solved: Solved, asked: Rotation, fit: FactorFit, notes: Notes) -> None:
    """Say what in the estimates changes how they must be read."""
    found, extraction, rotated = solved.found, solved.extraction, solved.rotated
    empty = (extraction.loadings**2).sum(axis=0) < 1e-8
    if empty.any():
        notes.warn(
            f"{int(empty.sum())} of {empty.size} factors explain nothing"
            + ("" if asked.name == "none" else ", so the solution was not rotated")
            + "; ask for fewer.",
            DataWarning,
            stacklevel=4,
        )
    communalities = (extraction.loadings**2).sum(axis=1)
    improper = extraction.at_bound | (communalities > 1.0 - LOWEST_UNIQUENESS + 1e-9)
    # What a search for alpha factors last tried, when it finds none, is no Heywood case.
    if improper.any() and (extraction.converged or solved.method != "alpha"):
        names = listed(np.asarray(found.names)[improper])
        notes.warn(
            f"Heywood case: almost no unique variance is left for {names}. The loadings there "
            "are not to be trusted; try fewer factors, or look for near copies among the items.",
            ConvergenceWarning,
            stacklevel=4,
        )
    if not extraction.converged:
        notes.warn(
            "The extraction did not converge"
            + (f" in {extraction.n_iterations} steps." if extraction.n_iterations else "."),
            ConvergenceWarning,
            stacklevel=4,
        )
    _note_extraction(solved, notes)
    if not rotated.converged:
        notes.warn("The rotation did not converge.", ConvergenceWarning, stacklevel=4)
    _note_minima(rotated, asked.name, notes)
    if solved.rotation.name in ("bifactor", "biquartimin") and rotated.phi.shape[0] == 2:
        notes.record(
            f"The {asked.name} criterion makes group factors simple, each beside the others. With "
            "one alone any axes are as good as any others, and these are the unrotated ones: ask "
            "for 3 factors or more."
        )
    near = np.argwhere(np.abs(np.tril(rotated.phi, -1)) > 0.9)
    if near.size:
        pairs = ", ".join(f"F{j + 1} with F{i + 1} {rotated.phi[i, j]:.2f}" for i, j in near)
        notes.record(
            f"Factors have nearly fallen together ({pairs}). Ask for fewer factors, or rotate less "
            "obliquely, as with oblimin and gamma of 0 or below."
        )
    if found.n_obs is not None and math.isnan(fit.chisq) and is_positive_definite(found.matrix):
        notes.record(
            f"n = {found.n_obs} is too small for Bartlett's correction, or the reproduced "
            "correlations have no inverse, so the likelihood-based fit is not defined."
        )
    if fit.df == 0:
        notes.record("No degrees of freedom are left, so the fit cannot be tested.")


def _note_extraction(solved: Solved, notes: Notes) -> None:
    """Say that the usual start of the extraction misses the lowest minimum."""
    if math.isnan(solved.lower):
        return
    own = solved.extraction.discrepancy
    if solved.lower < own:
        notes.record(
            f"The discrepancy has several minima: the usual start led to "
            f"{own:.6g}, which is kept, and another one to {solved.lower:.6g}. Pass "
            "extraction_starts=50 to take the lowest."
        )
        return
    notes.record(
        f"The discrepancy has several minima, and the lowest found, {own:.6g}, is kept. The usual "
        "start leads to a higher one, at which other programs may stop."
    )


def _note_minima(rotated: Rotated, name: str, notes: Notes) -> None:
    """Say that a rotation has several minima, and whether the usual start missed the best."""
    optima = rotated.optima
    if optima is None or len(optima.criteria) < 2:
        return
    best, first = float(optima.criteria[0]), optima.first
    missed = not first - best <= SAME * max(abs(best), 1e-6)
    notes.record(
        f"The {name} criterion has several minima: {optima.n_starts} starts found "
        f"{len(optima.criteria)}, and {int(optima.counts[0])} of them the lowest, {best:.5f}, "
        "which is kept (see local_optima)."
        + (
            " The unrotated axes, where other programs start, led to "
            + ("none." if math.isnan(first) else f"{first:.5f}.")
            if missed
            else ""
        )
    )
