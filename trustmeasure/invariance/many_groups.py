"""Comparing many groups without exact invariance: the alignment of their factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    as_frame,
    as_rng,
    check_count,
    check_level,
    check_option,
    listed,
    near,
)
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.samples import group_labels
from trustmeasure.errors import ConvergenceWarning, DataWarning, OptionError
from trustmeasure.invariance.climbing import ESTIMATORS, MIN_GROUP_SIZE
from trustmeasure.invariance.designs import doubts, quietly, read_factors, standardises
from trustmeasure.kernels.simplicity import (
    Alignment,
    Frame,
    align,
    derivatives,
    explained,
    invariant_set,
    starting_points,
)
from trustmeasure.results import Notes, Result, to_plain

FloatArray = NDArray[np.float64]
# Minima this flat leave the means open.
FLAT = 1e-7


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AlignmentResult(Result):
    """What `alignment` returns.

    Attributes
    ----------
    means : DataFrame
        Index factor and group: n, mean with se, interval, z and p of its difference to the
        reference's, variance, and rank (1 is the highest mean).
    parameters : DataFrame
        Index factor, item, parameter ("loading", "intercept") and group: aligned value with se,
        the value of the group's own model, and whether the group belongs to those that agree.
    items : DataFrame
        Index factor, item and parameter: R² of invariance (1 where latent means and variances
        explain all differences between groups), how many groups agree, and the mean of those.
    noninvariant : float
        Share of all parameters outside the sets that agree.
    simplicity : Series
        Value of the function at its minimum, for each factor.
    fits : mapping
        Group → its own model.
    """

    title: ClassVar[str] = "Alignment of groups"

    means: pd.DataFrame
    parameters: pd.DataFrame
    items: pd.DataFrame
    noninvariant: float
    simplicity: pd.Series
    converged: bool
    fits: Mapping[Any, StructuralModel]

    def to_frame(self) -> pd.DataFrame:
        """Give the means."""
        return self.means.copy()

    def summary(self) -> dict[str, Any]:
        """Give the share of parameters that differ."""
        return {"noninvariant": self.noninvariant, "converged": self.converged}

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the groups' models as plain Python objects."""
        names = ("n", "n_dropped", "settings", "warnings", "means", "parameters", "items",
                 "noninvariant", "simplicity", "converged")  # fmt: skip
        return {name: to_plain(getattr(self, name)) for name in names}


def alignment(
    model: str,
    data: Any,
    *,
    group: str,
    method: str = "fixed",
    reference: Any = None,
    epsilon: float = 0.01,
    estimator: str = "ML",
    missing: str = "listwise",
    cluster: str | None = None,
    n_starts: int = 20,
    rng: Any = 0,
    min_group_size: int = MIN_GROUP_SIZE,
    conf_level: float = 0.95,
) -> AlignmentResult:
    r"""Compare the latent means of many groups where scalar invariance holds only roughly.

    Each group has a model of its own. Latent means and variances are then chosen so that most
    loadings and intercepts agree and few differ much, by minimising

    .. math:: F = \sum_p \sum_{g<h} w_{gh}\,[f(\lambda_{pg} - \lambda_{ph}) +
              f(\nu_{pg} - \nu_{ph})], \qquad f(x) = (x^2 + \varepsilon)^{1/4},

    with :math:`w_{gh} = \sqrt{n_g n_h}`. The groups' fit stays that of the configural model.

    Parameters
    ----------
    model : str
        Measurement model in which every item belongs to one factor, no loading fixed.
    data : DataFrame, 2-D array, or Scores
        Persons in rows.
    group : str
        Column with the group of each person.
    method : {"fixed", "free"}
        The reference group's mean is 0, or estimated too. "free" needs loadings that differ
        somewhat between groups, or means are not determined; it is not for two groups.
    reference : optional
        Label of the group whose variance is 1 (and, if fixed, whose mean is 0); the first in
        the data by default.
    epsilon : float
        Smooths the function. Loadings and intercepts are in the units of the answers.
    estimator, missing, cluster, conf_level
        As in `cfa`.
    n_starts : int
        Starts of the search, of which two are not random.
    rng : None, int or Generator
        For the random starts.
    min_group_size : int
        Smaller groups are warned of.

    Returns
    -------
    AlignmentResult
        ``means``, ``parameters``, ``items`` (R² of invariance, how many groups agree),
        ``noninvariant``, ``simplicity``, ``fits``.

    Raises
    ------
    OptionError
        For models with items of several factors or fixed loadings, and unknown groups.
    DataError
        As `cfa`.

    Warns
    -----
    DataWarning
        For groups with fewer than ``min_group_size`` persons.
    ConvergenceWarning
        Where a group's model or the search has no proper end, or means are not determined.

    Notes
    -----
    Errors follow from those of the groups' models by the delta method, the minimum moving with
    them. Which groups agree on a parameter is found as Asparouhov and Muthén do: from the
    largest set connected by differences with p > .01, groups are in while their difference to
    the set's mean has p > .001. Muthén and Asparouhov (2014) think means safe to compare up to
    about 25 % of parameters that differ.

    The product of variances is 1 while the function is minimised, then they are divided by the
    reference's. Equals ``sirt::invariance.alignment(lambda, nu, wgt, align.pow = c(.25, .25),
    eps = .01)`` in its aim; that function takes Σ means = 0 where this has a reference, and
    weights and scaling of its own. ``tests/parity/r/alignment.R`` minimises the function anew,
    with the same means, variances and errors. Each factor is aligned for itself.

    References
    ----------
    Asparouhov, T., & Muthén, B. (2014). Multiple-group factor analysis alignment. *Structural
    Equation Modeling, 21* (4), 495–508. https://doi.org/10.1080/10705511.2014.919210

    Muthén, B., & Asparouhov, T. (2014). IRT studies of many groups: The alignment method.
    *Frontiers in Psychology, 5*, 978. https://doi.org/10.3389/fpsyg.2014.00978

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(5)
    >>> parts = []
    >>> for site, mean in zip("abcd", (0.0, 0.3, -0.3, 0.6)):
    ...     trust = mean + rng.normal(size=400)
    ...     part = {f"t{j}": 3 + 0.8 * trust + 0.7 * rng.normal(size=400) for j in range(1, 5)}
    ...     part["t4"] = part["t4"] + 0.6 * (site == "c")
    ...     parts.append(pd.DataFrame(part).assign(site=site))
    >>> result = tm.alignment("trust =~ t1 + t2 + t3 + t4", pd.concat(parts), group="site")
    >>> result.means["rank"].tolist()
    [3, 2, 4, 1]
    >>> differ = result.parameters[~result.parameters["agrees"]]
    >>> differ.index.tolist()
    [('trust', 't4', 'intercept', 'c')]
    """
    check_option("method", method, ("fixed", "free"))
    check_option("estimator", estimator, ESTIMATORS)
    check_level("conf_level", conf_level)
    check_count("n_starts", n_starts, least=2)
    check_count("min_group_size", min_group_size)
    if not isinstance(epsilon, (int, float)) or not 0 < epsilon <= 1:
        raise OptionError(f"epsilon={epsilon!r} must be a number above 0, at most 1.")
    factors = _simple_structure(model)
    frame = as_frame(data)
    labels = group_labels(frame, group)
    first = labels[0] if reference is None else reference
    if first not in labels:
        raise OptionError(
            f"reference={reference!r} is no group in '{group}'. Groups: {listed(labels)}."
            + near(reference, labels)
        )
    if method == "free" and len(labels) == 2:
        raise OptionError("With two groups method='free' has no determined means; use 'fixed'.")
    notes = Notes()
    fits = {
        label: quietly(
            model, frame[frame[group] == label], estimator=estimator, missing=missing,
            cluster=cluster, std_lv=True, meanstructure=True, conf_level=conf_level,
        )
        for label in labels
    }  # fmt: skip
    _note_groups(fits, min_group_size, notes)
    layout = Frame(
        n_groups=len(labels),
        fixed=labels.index(first) if method == "fixed" else None,
        reference=labels.index(first),
    )
    generator = as_rng(rng)
    parts = []
    for factor, items in factors.items():
        own = _configural(list(fits.values()), factor, items)
        draws = generator.normal(scale=0.5, size=(n_starts - 2, layout.size))
        starts = starting_points(own.loadings, own.intercepts, layout, n_starts - 2, draws)
        found = align(own.loadings, own.intercepts, own.n, layout, starts, epsilon=epsilon)
        if not found.converged or found.weakest < FLAT:
            notes.warn(_doubt(factor, found, method), ConvergenceWarning)
        parts.append(_frames(factor, items, labels, own, found, layout, epsilon, conf_level))
    parameters = pd.concat([part[1] for part in parts])
    return AlignmentResult(
        n=sum(fit.n for fit in fits.values()),
        n_dropped=sum(fit.n_dropped for fit in fits.values()) + int(frame[group].isna().sum()),
        means=pd.concat([part[0] for part in parts]),
        parameters=parameters,
        items=pd.concat([part[2] for part in parts]),
        noninvariant=float((~parameters["agrees"]).mean()),
        simplicity=pd.Series({f: part[3].value for f, part in zip(factors, parts, strict=True)}),
        converged=all(part[3].converged for part in parts),
        fits=fits,
        settings={
            "model": model, "group": group, "method": method, "reference": first,
            "labels": [str(label) for label in labels], "epsilon": epsilon,
            "estimator": estimator, "missing": missing, "cluster": cluster,
            "n_starts": n_starts, "conf_level": conf_level,
            "n_agreeing": {f: part[3].n_agreeing for f, part in zip(factors, parts, strict=True)},
        },
        warnings=notes.messages(),
    )  # fmt: skip


def _simple_structure(model: str) -> dict[str, tuple[str, ...]]:
    factors = read_factors(model)
    items = [item for own in factors.values() for item in own]
    several = sorted({item for item in items if items.count(item) > 1} | (set(items) & {*factors}))
    if several or not items:
        raise OptionError(
            "Alignment is for models in which every item belongs to one factor; "
            + (f"{listed(several)} do not." if several else "this one has no factor.")
        )
    if not standardises(model):
        raise OptionError(
            "Alignment sets latent variances to 1 in every group, so no loading may be fixed in "
            "the model."
        )
    return factors


def _note_groups(fits: Mapping[Any, StructuralModel], least: int, notes: Notes) -> None:
    for label, fit in fits.items():
        for message in doubts(fit):
            notes.warn(f"Group '{label}': {message}", ConvergenceWarning, stacklevel=4)
    small = [f"'{label}' ({fit.n})" for label, fit in fits.items() if fit.n < least]
    if small:
        notes.warn(
            f"Groups with fewer than {least} persons: {', '.join(small)}. Their parameters are "
            "uncertain, and differences from others hard to see.",
            DataWarning,
            stacklevel=4,
        )
    dropped = sum(fit.n_dropped for fit in fits.values())
    if dropped:
        notes.record(f"{dropped} persons were left out (see the groups' own models in .fits).")


def _doubt(factor: str, found: Alignment, method: str) -> str:
    if not found.converged:
        return f"Factor '{factor}': the search for the simplest solution did not end."
    text = f"Factor '{factor}': the minimum is flat, so latent means are not determined."
    return text + (" Use method='fixed'." if method == "free" else "")


@dataclass(frozen=True)
class _Configural:
    """Groups' own loadings and intercepts (g, p), persons (g,), covariance (2gp, 2gp)."""

    loadings: FloatArray
    intercepts: FloatArray
    n: FloatArray
    covariance: FloatArray


def _configural(fits: list[StructuralModel], factor: str, items: tuple[str, ...]) -> _Configural:
    """Take one factor's parameters out of the groups' models, turned to point the same way."""
    g, p = len(fits), len(items)
    values = np.zeros((2, g, p))
    covariance = np.zeros((2 * g * p, 2 * g * p))
    for place, fit in enumerate(fits):
        kept = fit.fitted
        free = {
            (row.op, row.lhs if row.op == "~1" else row.rhs): row.free - 1
            for row in kept.specification.table.parameters
            if (row.op == "=~" and row.lhs == factor) or row.op == "~1"
        }
        at = [free["=~", item] for item in items] + [free["~1", item] for item in items]
        values[:, place] = kept.estimates.parameters[at].reshape(2, p)
        sign = np.ones(2 * p)
        if place and values[0, place] @ values[0, 0] < 0:
            values[0, place] *= -1
            sign[:p] = -1
        rows = np.concatenate([np.arange(p) + place * p, g * p + np.arange(p) + place * p])
        spread = kept.inference.covariance[np.ix_(at, at)] * np.outer(sign, sign)
        covariance[np.ix_(rows, rows)] = spread
    n = np.array([fit.n for fit in fits], dtype=np.float64)
    return _Configural(values[0], values[1], n, covariance)


def _frames(
    factor: str,
    items: tuple[str, ...],
    labels: list[Any],
    own: _Configural,
    found: Alignment,
    layout: Frame,
    epsilon: float,
    conf_level: float,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Alignment]:
    """Put one factor's results into frames."""
    from scipy.special import ndtr, ndtri

    g, p = own.loadings.shape
    slopes = derivatives(own.loadings, own.intercepts, own.n, layout, found.point, epsilon=epsilon)
    spread = slopes.T @ own.covariance @ slopes
    se = np.sqrt(np.maximum(np.diag(spread), 0.0))
    half = float(ndtri(0.5 + conf_level / 2))
    base = layout.reference
    gap = found.means - found.means[base]
    at = np.arange(g)
    error = np.sqrt(np.maximum(spread[at, at] + spread[base, base] - 2 * spread[at, base], 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(error > 1e-10, gap / error, np.nan)
    means = pd.DataFrame(
        {
            "n": own.n.astype(int), "mean": found.means, "se": se[:g],
            "ci_low": found.means - half * se[:g], "ci_high": found.means + half * se[:g],
            "z": z, "pvalue": 2 * ndtr(-np.abs(z)),
            "variance": found.deviations**2, "se_variance": 2 * found.deviations * se[g : 2 * g],
            "rank": (-found.means).argsort(kind="stable").argsort(kind="stable") + 1,
        },
        index=pd.MultiIndex.from_product([[factor], labels], names=["factor", "group"]),
    )  # fmt: skip
    rows, table = [], []
    shares = explained(own.loadings, own.intercepts, found)
    for j, item in enumerate(items):
        for k, (kind, aligned, plain) in enumerate(
            (
                ("loading", found.loadings, own.loadings),
                ("intercept", found.intercepts, own.intercepts),
            )
        ):
            places = 2 * g + k * g * p + at * p + j
            agrees = invariant_set(aligned[:, j], spread[np.ix_(places, places)])
            rows += [
                {
                    "factor": factor, "item": item, "parameter": kind, "group": labels[i],
                    "aligned": aligned[i, j], "se": se[places[i]],
                    "configural": plain[i, j], "agrees": bool(agrees[i]),
                }
                for i in range(g)
            ]  # fmt: skip
            table.append(
                {
                    "factor": factor, "item": item, "parameter": kind,
                    "r_squared": float(shares[k][j]), "n_agreeing": int(agrees.sum()),
                    "agreed_mean": float(aligned[agrees, j].mean()),
                }
            )  # fmt: skip
    index = ["factor", "item", "parameter"]
    return (
        means,
        pd.DataFrame(rows).set_index([*index, "group"]),
        pd.DataFrame(table).set_index(index),
        found,
    )


__all__ = ["AlignmentResult", "alignment"]
