"""Whether groups that should differ on a scale do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_label, check_level, listed, near
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import group_differences as kernel
from trustmeasure.kernels.discrimination import area_under_curve
from trustmeasure.results import Notes, Result
from trustmeasure.validity.samples import column_of, is_scores, score_table

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class KnownGroupsResult(Result):
    """Differences of scale scores between groups.

    Attributes
    ----------
    groups : DataFrame, index scale and group
        ``n``, ``mean``, ``sd``, and the interval of the mean (t).
    tests : DataFrame, index scale
        ``n``, ``n_groups``; Welch's test (``f``, ``df1``, ``df2``, ``pvalue``) and
        ``p_holm``, adjusted over scales; ``eta2``, ``omega2`` and the interval of the
        population's share of variance (``share_low``, ``share_high``); the classical test
        (``anova_f``, ``anova_df2``, ``anova_p``); and the robust ones: Welch's test of
        trimmed means (``trimmed_f``, ``trimmed_df2``, ``trimmed_p``) and Kruskal and
        Wallis's of ranks (``rank_h``, ``rank_p``).
    contrasts : DataFrame, index scale, group_1 and group_2
        ``difference`` (second minus first), Welch's interval (``ci_low``, ``ci_high``),
        ``t``, ``df``, ``pvalue``, and ``p_holm``, adjusted over all contrasts; Cohen's
        ``d``, Hedges' ``g`` with ``g_low`` and ``g_high``; ``superiority``, how often a
        member of the second group scores higher than one of the first, with
        ``superiority_low`` and ``superiority_high``; with ``expected``, ``as_expected``.
    share_as_expected : float
        Of the contrasts, where an order was expected; NaN otherwise.
    """

    title: ClassVar[str] = "Known groups"

    groups: pd.DataFrame
    tests: pd.DataFrame
    contrasts: pd.DataFrame
    share_as_expected: float

    def to_frame(self) -> pd.DataFrame:
        """Give the contrasts."""
        return self.contrasts.copy()

    def summary(self) -> dict[str, Any]:
        """Give the share of contrasts in the expected direction, where one was."""
        return super().summary() if self.settings["expected"] else {}


def known_groups(
    scores: Any,
    *,
    by: Any,
    scales: Sequence[str] | None = None,
    expected: Sequence[Any] | None = None,
    trim: float = 0.2,
    conf_level: float = 0.95,
) -> KnownGroupsResult:
    r"""Compare the scale scores of groups that should differ.

    For two groups the standardised difference is Hedges' g,

    .. math:: g = J(\nu)\,\frac{\bar y_2 - \bar y_1}{s_p}, \qquad
        J(\nu) = \frac{\Gamma(\nu/2)}{\sqrt{\nu/2}\;\Gamma((\nu - 1)/2)},
        \qquad \nu = n_1 + n_2 - 2,

    and its interval inverts the noncentral t distribution. For any number of groups the
    share of variance between them is estimated by
    :math:`\omega^2 = (SS_b - df_b\,MS_w)/(SS_t + MS_w)`; its interval inverts the noncentral
    F distribution (:math:`\lambda / (\lambda + n)`). An estimate below 0 stands for none.

    Parameters
    ----------
    scores : Scores, or DataFrame of scale scores
        Persons in rows; NaN is no score.
    by : str or sequence
        The column with each person's group, or one label a person.
    scales : sequence of str, optional
        The scales; without it all of the Scores, or all numeric columns but ``by``.
    expected : sequence, optional
        The groups in the order of their expected means, lowest first. Contrasts are then
        the higher minus the lower one, and counted where they go that way.
    trim : float
        Share of each group's lowest and of its highest scores that trimmed means leave out.
    conf_level : float
        Confidence level of all intervals.

    Returns
    -------
    KnownGroupsResult

    Raises
    ------
    DataError
        For unknown columns, and where fewer than two groups have two scores.
    OptionError
        For ``expected`` groups that do not occur, or a share to trim outside 0 to 0.5.

    Notes
    -----
    Persons without a group or a score are left out, scale by scale. Groups with a single
    score are described but not compared. The contrasts equal ``t.test(y2, y1)``; the tests
    ``oneway.test(y ~ g)``, ``anova(lm(y ~ g))``, ``kruskal.test(y ~ g)``, and
    ``WRS2::t1way`` (trimmed); ``p_holm`` is ``p.adjust(p, "holm")``; g and its interval are
    ``effectsize::hedges_g`` and the exact noncentral limits. The interval of
    ``superiority`` is DeLong's (see `criterion_validity`).

    Persons of the same team answer alike; where they do, these intervals are too narrow.

    References
    ----------
    Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and
    related estimators. *Journal of Educational Statistics, 6*, 107–128.
    https://doi.org/10.3102/10769986006002107

    Steiger, J. H. (2004). Beyond the F test. *Psychological Methods, 9*, 164–182.
    https://doi.org/10.1037/1082-989X.9.2.164

    Welch, B. L. (1951). On the comparison of several mean values. *Biometrika, 38*, 330–336.
    https://doi.org/10.1093/biomet/38.3-4.330

    Yuen, K. K. (1974). The two-sample trimmed t for unequal population variances.
    *Biometrika, 61*, 165–170. https://doi.org/10.1093/biomet/61.1.165

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> scores = pd.DataFrame({
    ...     "trust": [2.0, 2.5, 3.0, 2.2, 3.8, 3.0, 4.5, 3.6, 4.0, 4.2],
    ...     "role": ["new"] * 5 + ["settled"] * 5,
    ... })
    >>> found = tm.known_groups(scores, by="role", expected=["new", "settled"])
    >>> found.contrasts[["difference", "g", "g_low", "g_high", "p_holm"]].round(2)
                           difference    g  g_low  g_high  p_holm
    scale group_1 group_2
    trust new     settled        1.16  1.6   0.21    2.92    0.02
    """
    check_level("conf_level", conf_level)
    if isinstance(trim, bool) or not isinstance(trim, (int, float)) or not 0 <= trim < 0.5:
        raise OptionError(f"trim={trim!r} must be a share from 0 to below 0.5.")
    table = score_table(scores, scales=scales, beside=[by] if isinstance(by, str) else [])
    column = column_of(table.frame, by, "by")
    labels = _order(column, expected)
    notes = Notes()
    values = table.scores()
    members = column.astype(object).where(column.notna(), None).to_numpy()
    belongs = {g: members == g for g in labels}
    _note_left_out(values, column, table.names, notes)
    if is_scores(scores) and scores.cluster is not None and scores.cluster != column.name:
        notes.record(
            f"Persons are nested in '{scores.cluster}'; tests and intervals take them as "
            "independent."
        )

    described, tests, contrasts = [], {}, {}
    for j, scale in enumerate(table.names):
        scored = ~np.isnan(values[:, j])
        parts = {g: values[belongs[g] & scored, j] for g in labels}
        described += [_describe(part, conf_level) for part in parts.values()]
        usable = {g: part for g, part in parts.items() if len(part) > 1}
        if len(usable) < 2:
            raise DataError(
                f"Fewer than two groups of '{column.name}' have two scores on '{scale}' or more: "
                + listed(f"{g}: {len(part)}" for g, part in parts.items())
                + "."
            )
        tests[scale] = _test(list(usable.values()), float(trim), conf_level)
        for (g1, first), (g2, second) in combinations(usable.items(), 2):
            contrasts[scale, g1, g2] = _contrast(first, second, conf_level)

    tested = pd.DataFrame.from_dict(tests, orient="index").rename_axis("scale")
    tested.insert(6, "p_holm", kernel.holm(tested["pvalue"].to_numpy(dtype=float)))
    names = ["scale", "group_1", "group_2"]
    compared = pd.MultiIndex.from_tuples(list(contrasts), names=names)
    pairs = pd.DataFrame(list(contrasts.values()), index=compared)
    pairs.insert(6, "p_holm", kernel.holm(pairs["pvalue"].to_numpy(dtype=float)))
    if expected is not None:
        pairs["as_expected"] = pairs["difference"] > 0
    everyone = pd.MultiIndex.from_product([table.names, labels], names=["scale", "group"])
    known = ~np.isnan(values) & column.notna().to_numpy()[:, None]
    used = int(known.any(axis=1).sum())
    return KnownGroupsResult(
        n=used,
        n_dropped=len(values) - used,
        groups=pd.DataFrame(described, index=everyone),
        tests=tested,
        contrasts=pairs,
        share_as_expected=float(pairs["as_expected"].mean()) if expected is not None else np.nan,
        settings={
            "by": str(column.name),
            "scales": list(table.names),
            "expected": None if expected is None else list(expected),
            "trim": float(trim),
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _order(column: pd.Series[Any], expected: Sequence[Any] | None) -> list[Any]:
    """Put the groups in the expected order, or in that of their labels."""
    found = [as_label(label) for label in column.dropna().unique()]
    if expected is None:
        if isinstance(column.dtype, pd.CategoricalDtype):
            return [label for label in column.cat.categories if label in set(found)]
        try:
            return sorted(found)
        except TypeError:  # labels of mixed types
            return sorted(found, key=str)
    unknown = [label for label in expected if label not in found]
    if unknown:
        raise OptionError(
            f"expected= names {listed(unknown)}, which '{column.name}' does not hold. It holds: "
            f"{listed(found)}." + near(unknown[0], found)
        )
    if len(set(expected)) < len(list(expected)) or len(list(expected)) < 2:
        raise OptionError("expected= must name at least two groups, each once.")
    return list(expected)


def _note_left_out(
    values: FloatArray, column: pd.Series[Any], names: tuple[str, ...], notes: Notes
) -> None:
    homeless = int(column.isna().sum())
    if homeless:
        notes.record(f"{homeless} of {len(column)} persons were left out: no '{column.name}'.")
    for j, name in enumerate(names):
        without = int((np.isnan(values[:, j]) & column.notna().to_numpy()).sum())
        if without:
            notes.record(f"{name}: {without} person(s) without a score were left out.")


def _describe(part: FloatArray, level: float) -> dict[str, float]:
    from scipy.special import stdtrit

    n = len(part)
    mean = float(part.mean()) if n else np.nan
    sd = float(part.std(ddof=1)) if n > 1 else np.nan
    half = float(stdtrit(n - 1, (1 + level) / 2)) * sd / np.sqrt(n) if n > 1 else np.nan
    return {
        "n": n,
        "mean": mean,
        "sd": sd,
        "ci_low": mean - half,
        "ci_high": mean + half,
    }


def _test(groups: list[FloatArray], trim: float, level: float) -> dict[str, float]:
    welch, trimmed = kernel.welch_test(groups), kernel.welch_test(groups, trim=trim)
    classical = kernel.one_way(groups, level)
    h, _, rank_p = kernel.kruskal_wallis(groups)
    return {
        "n": sum(len(group) for group in groups),
        "n_groups": len(groups),
        "f": welch.f,
        "df1": welch.df1,
        "df2": welch.df2,
        "pvalue": welch.pvalue,
        "eta2": classical.eta2,
        "omega2": classical.omega2,
        "share_low": classical.low,
        "share_high": classical.high,
        "anova_f": classical.test.f,
        "anova_df2": classical.test.df2,
        "anova_p": classical.test.pvalue,
        "trimmed_f": trimmed.f,
        "trimmed_df2": trimmed.df2,
        "trimmed_p": trimmed.pvalue,
        "rank_h": h,
        "rank_p": rank_p,
    }


def _contrast(first: FloatArray, second: FloatArray, level: float) -> dict[str, float]:
    found = kernel.pair_difference(first, second, level)
    area = area_under_curve(second, first)
    low, high = area.limits(level)
    return {
        "difference": found.difference,
        "ci_low": found.low,
        "ci_high": found.high,
        "t": found.t,
        "df": found.df,
        "pvalue": found.pvalue,
        "d": found.d,
        "g": found.g,
        "g_low": found.g_low,
        "g_high": found.g_high,
        "superiority": area.area,
        "superiority_low": low,
        "superiority_high": high,
    }
