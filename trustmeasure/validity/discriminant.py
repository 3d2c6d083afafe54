"""Whether scales that should differ do: the heterotrait–monotrait ratio of correlations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    as_items,
    as_rng,
    check_count,
    check_level,
    check_option,
    dropped_note,
    listed,
    listwise,
    refuse_constant,
)
from trustmeasure.correlation.matrices import (
    answered_by_anyone,
    correlations_of,
    ordered_codes,
)
from trustmeasure.errors import ConvergenceWarning, DataError, DataWarning, OptionError
from trustmeasure.kernels import replicated_correlations as replicated
from trustmeasure.kernels.bootstrap_intervals import bca_limits, percentile_limits
from trustmeasure.kernels.covariance import pairwise_moments
from trustmeasure.kernels.heterotrait import heterotrait_ratios
from trustmeasure.kernels.polychorics import polychorics
from trustmeasure.results import Notes, to_plain
from trustmeasure.validity.samples import scale_items

FloatArray = NDArray[np.float64]


class HeterotraitRatios(pd.DataFrame):
    """Factor × factor matrix of HTMT ratios, which knows its intervals.

    A DataFrame like any other; what is taken out of it or computed from it is a plain one.

    Attributes
    ----------
    pairs : DataFrame, index the two factors
        ``estimate``; ``ci_low`` and ``ci_high``, the bootstrap percentiles; ``bca_low`` and
        ``bca_high``, the bias-corrected and accelerated interval.
    ci_low, ci_high : DataFrame
        The percentiles, factor × factor.
    n, n_dropped : int
        Persons used and left out.
    settings : dict
    warnings : tuple of str
    """

    _metadata = ["pairs", "n", "n_dropped", "settings", "warnings"]  # noqa: RUF012

    pairs: pd.DataFrame
    n: int
    n_dropped: int
    settings: Mapping[str, Any]
    warnings: tuple[str, ...]

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    # pandas-stubs call it final, pandas does not.
    def copy(self, deep: bool = True) -> HeterotraitRatios:  # type: ignore[misc]
        """Copy the ratios with all that they know; `copy.deepcopy` and pickle keep it, too."""
        made = HeterotraitRatios(pd.DataFrame(self, copy=deep))
        for name in self._metadata:
            setattr(made, name, getattr(self, name, None))
        return made

    @property
    def ci_low(self) -> pd.DataFrame:
        """Lower limits, factor × factor."""
        return self._square("ci_low")

    @property
    def ci_high(self) -> pd.DataFrame:
        """Upper limits, factor × factor."""
        return self._square("ci_high")

    def to_frame(self) -> pd.DataFrame:
        """Give the ratios as a plain DataFrame."""
        return pd.DataFrame(self, copy=True)

    def to_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Give everything as plain Python objects; with arguments, what pandas gives."""
        if args or kwargs:
            return super().to_dict(*args, **kwargs)
        frame = pd.DataFrame(self).rename_axis(index="factor")
        known = {name: getattr(self, name) for name in self._metadata}
        return {name: to_plain(value) for name, value in {"estimate": frame, **known}.items()}

    def _square(self, column: str) -> pd.DataFrame:
        values = _square(self.pairs[column].to_numpy(), len(self.index), 1.0)
        return pd.DataFrame(values, index=self.index, columns=self.columns)


def htmt(
    data: Any,
    scales: Any = None,
    *,
    method: str = "htmt",
    correlation: str = "pearson",
    missing: str = "listwise",
    ci: str | None = "bootstrap",
    n_boot: int = 2000,
    conf_level: float = 0.95,
    rng: Any = None,
) -> HeterotraitRatios:
    r"""Compute heterotrait–monotrait ratios: whether scales measure different things.

    .. math:: \text{HTMT}_{ij} = \frac{\bar r_{ij}}{\sqrt{\bar r_i \, \bar r_j}}

    with :math:`\bar r_{ij}` the mean absolute correlation of an item of scale i with one of
    scale j, and :math:`\bar r_i` that of two items of scale i. HTMT2 takes geometric means,
    so that the items' loadings may differ. Near 1 the scales cannot be told apart.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows. NaN is missing.
    scales : mapping, or sequence of scale names
        Scale → its items, at least two each, none in two scales. With Scores the names of
        scales are enough; without any, all of them.
    method : {"htmt", "htmt2"}
        With arithmetic or geometric means.
    correlation : {"pearson", "polychoric"}
    missing : {"listwise", "pairwise", "fiml"}
        Listwise uses the persons who answered every item of every scale; pairwise takes
        each correlation over those who answered both items. Resampled persons are handled
        the same way. "fiml" takes Pearson correlations by full-information maximum likelihood,
        without intervals (``ci=None``), for which there would be too much to compute.
    ci : {"bootstrap", None}
        Percentile and bias-corrected and accelerated (BCa) intervals, or none.
    n_boot : int
        Bootstrap replicates.
    conf_level : float
        Confidence level of the intervals.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap's random numbers.

    Returns
    -------
    HeterotraitRatios
        A DataFrame, factor × factor, with 1 in the diagonal; ``pairs`` holds the intervals.

    Raises
    ------
    DataError
        For a scale with fewer than two items, an item in two scales, and items that cannot
        be correlated.
    OptionError
        For an option that is not offered.

    Warns
    -----
    DataWarning
        When items of a scale correlate negatively (signs are dropped, so a forgotten
        reversal would stay unseen), and when replicates had to be left out.
    ConvergenceWarning
        When a polychoric correlation runs to ±1.

    Notes
    -----
    Equals ``semTools::htmt(model, data, absolute = TRUE, htmt2 = FALSE)``, or
    ``htmt2 = TRUE``; with ``correlation="polychoric"`` those of ``ordered = names(data)``;
    with ``missing="pairwise"`` those of ``sample.cov = cor(data, use = "pairwise")``, with
    "fiml" those of ``missing = "fiml"``.
    Intervals of polychoric ratios take seconds to minutes, as each replicate estimates all
    correlations anew.
    Verdicts are in the table (`table`): below .85, or .90 for neighbouring concepts.

    References
    ----------
    Henseler, J., Ringle, C. M., & Sarstedt, M. (2015). A new criterion for assessing
    discriminant validity in variance-based structural equation modeling. *Journal of the
    Academy of Marketing Science, 43*, 115–135. https://doi.org/10.1007/s11747-014-0403-8

    Roemer, E., Schuberth, F., & Henseler, J. (2021). HTMT2 – an improved criterion for
    assessing discriminant validity in structural equation modeling. *Industrial Management &
    Data Systems, 121*, 2637–2650. https://doi.org/10.1108/IMDS-02-2021-0082

    Efron, B. (1987). Better bootstrap confidence intervals. *Journal of the American
    Statistical Association, 82*, 171–185. https://doi.org/10.1080/01621459.1987.10478410

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400)
    >>> items = np.repeat(factors, 3, axis=1) + rng.normal(size=(400, 6))
    >>> scales = {"trust": ["item1", "item2", "item3"], "safety": ["item4", "item5", "item6"]}
    >>> ratios = tm.htmt(items, scales, rng=1)
    >>> round(float(ratios.loc["trust", "safety"]), 2)
    0.46
    >>> ratios.pairs[["estimate", "ci_low", "ci_high"]].round(2)
                  estimate  ci_low  ci_high
    trust safety      0.46    0.35     0.57
    """
    check_option("method", method, ("htmt", "htmt2"))
    check_option("correlation", correlation, ("pearson", "polychoric"))
    check_option("missing", missing, ("listwise", "pairwise", "fiml"))
    check_option("ci", ci, ("bootstrap", None))
    if missing == "fiml" and (ci or correlation != "pearson"):
        raise OptionError(
            "missing='fiml' goes with correlation='pearson' and ci=None: pass ci=None, or take "
            "missing='pairwise' for intervals."
        )
    check_level("conf_level", conf_level)
    check_count("n_boot", n_boot, least=2)
    chosen = scale_items(data, scales)
    _refuse_unusable(chosen)
    names = [item for items in chosen.values() for item in items]
    factor = np.repeat(np.arange(len(chosen)), [len(items) for items in chosen.values()])
    block = as_items(data, items=names, min_items=4, min_persons=4)
    notes = Notes()
    if missing == "listwise":
        values, dropped = listwise(block, min_persons=4)
        if dropped:
            notes.record(dropped_note(dropped, block.n_persons))
    else:
        # What full information leaves out is noted where the correlations are made.
        values, dropped = answered_by_anyone(block, notes if missing == "pairwise" else Notes())
        refuse_constant(values, names)

    sample = _Sample(values, names, factor, correlation, geometric=method == "htmt2")
    if missing == "fiml":
        matrix = correlations_of(
            data, items=names, scale=None, correlation="pearson", missing="fiml", min_items=4,
            notes=notes,
        ).matrix  # fmt: skip
    else:
        matrix = sample.matrix(notes)
    _warn_negative(matrix, chosen, factor, notes)
    ratios = heterotrait_ratios(matrix[None], factor, geometric=sample.geometric)[0]
    limits = np.full((4, len(ratios)), np.nan)
    if ci == "bootstrap":
        limits = sample.limits(ratios, n_boot, conf_level, as_rng(rng), notes)

    labels = list(chosen)
    i, j = np.triu_indices(len(labels), 1)
    result = HeterotraitRatios(_square(ratios, len(labels), 1.0), index=labels, columns=labels)
    result.pairs = pd.DataFrame(
        {
            "estimate": ratios,
            "ci_low": limits[0],
            "ci_high": limits[1],
            "bca_low": limits[2],
            "bca_high": limits[3],
        },
        index=pd.MultiIndex.from_arrays([[labels[a] for a in i], [labels[b] for b in j]]),
    )
    result.n, result.n_dropped = len(values), dropped
    result.settings = {
        "scales": chosen,
        "method": method,
        "correlation": correlation,
        "missing": missing,
        "ci": ci,
        "n_boot": n_boot if ci else None,
        "conf_level": conf_level,
    }
    result.warnings = notes.messages()
    return result


class _Sample:
    """The answers, and their ratios in every version of them."""

    def __init__(
        self,
        values: FloatArray,
        names: list[str],
        factor: NDArray[np.intp],
        correlation: str,
        *,
        geometric: bool,
    ) -> None:
        self.values, self.names, self.factor, self.geometric = values, names, factor, geometric
        self.codes, self.n_categories = None, 0
        if correlation == "polychoric":
            self.codes, self.n_categories = ordered_codes(values, names)

    def matrix(self, notes: Notes) -> FloatArray:
        """Correlate the items."""
        if self.codes is None:
            matrix = pairwise_moments(self.values).correlation
        else:
            found = polychorics(self.codes, self.n_categories, errors=False)
            matrix = found.correlation
            if not found.converged.all():
                notes.warn(
                    f"{int((~found.converged).sum()) // 2} polychoric correlation(s) run to ±1, "
                    "where their likelihood is highest. Join rare categories.",
                    ConvergenceWarning,
                    stacklevel=4,
                )
        unknown = np.argwhere(np.isnan(matrix))
        if unknown.size:
            first, second = (self.names[k] for k in unknown[0])
            raise DataError(
                f"'{first}' and '{second}' cannot be correlated: too few persons with differing "
                "answers answered both. Leave one of them out."
            )
        return matrix

    def limits(
        self, ratios: FloatArray, n_boot: int, level: float, rng: np.random.Generator, notes: Notes
    ) -> FloatArray:
        """Give percentile and BCa limits, shape (4, pairs)."""
        if self.codes is None:
            drawn = replicated.bootstrap_correlations(self.values, n_boot, rng)
            left = replicated.left_out_correlations(self.values)
        else:
            drawn = replicated.bootstrap_ordinal(self.codes, self.n_categories, n_boot, rng)
            left = replicated.left_out_ordinal(self.codes, self.n_categories)
        replicates, left_out = self._ratios(drawn), self._ratios(left)
        usable = np.isfinite(replicates).all(axis=1)
        if not usable.all():
            notes.warn(
                f"{int((~usable).sum())} of {n_boot} bootstrap replicates had an item without "
                "variance, or a correlation that could not be estimated, and were left out.",
                DataWarning,
                stacklevel=4,
            )
        if usable.sum() < 2:
            return np.full((4, len(ratios)), np.nan)
        replicates = replicates[usable]
        left_out = left_out[np.isfinite(left_out).all(axis=1)]
        percentiles = percentile_limits(replicates, level)
        return np.array([*percentiles, *bca_limits(ratios, replicates, left_out, level)])

    def _ratios(self, blocks: Any) -> FloatArray:
        return np.concatenate(
            [heterotrait_ratios(block, self.factor, geometric=self.geometric) for block in blocks]
        )


def _square(pairs: FloatArray, n: int, on: float) -> FloatArray:
    square = np.full((n, n), on)
    i, j = np.triu_indices(n, 1)
    square[i, j] = square[j, i] = pairs
    return square


def _refuse_unusable(chosen: Mapping[str, list[str]]) -> None:
    if len(chosen) < 2:
        raise DataError(f"There is {len(chosen)} scale; at least 2 are needed to be told apart.")
    short = [name for name, items in chosen.items() if len(items) < 2]
    if short:
        raise DataError(
            f"Scale(s) {listed(short)} have fewer than 2 items, and so no correlation within. "
            "Leave them out."
        )
    names = [item for items in chosen.values() for item in items]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"Item(s) {listed(twice)} are in two scales, or twice in one; their correlation "
            "with themselves would count as one between scales. Choose scales without common "
            "items with scales=[...]."
        )


def _warn_negative(
    matrix: FloatArray, chosen: Mapping[str, list[str]], factor: NDArray[np.intp], notes: Notes
) -> None:
    """Say where signs are lost inside a scale."""
    same = factor[:, None] == factor
    i, j = np.nonzero(np.triu((matrix < 0) & same, 1))
    if len(i):
        names = [item for items in chosen.values() for item in items]
        pairs = listed((f"{names[a]} with {names[b]}" for a, b in zip(i, j, strict=True)), 4)
        notes.warn(
            f"{len(i)} pair(s) of items of the same scale correlate negatively ({pairs}). The "
            "ratio drops signs, so an item that should have been reversed stays unseen here.",
            DataWarning,
            stacklevel=3,
        )
