"""Reliability within groups of persons, or at several waves."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, TrustMeasureWarning
from trustmeasure.kernels import alpha_equality as kernel
from trustmeasure.reliability.alpha import AlphaResult, cronbach_alpha
from trustmeasure.reliability.omega import OmegaResult, mcdonald_omega
from trustmeasure.reliability.scored import is_scores
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ReliabilityByResult(Result):
    """Reliability of a scale in each group, and whether the groups differ.

    Attributes
    ----------
    table : DataFrame, index the group
        ``n`` and ``n_dropped`` persons; ``alpha``, ``ci_low``, ``ci_high``, ``se``; ``omega``
        of one factor, ``omega_ci_low``, ``omega_ci_high``. NaN where a group does not allow
        it; ``warnings`` say why.
    chisq, df, pvalue : float
        Test of equal alphas; NaN with fewer than two groups that have one.
    test : str
        ``hakstian_whalen`` for groups of different persons, ``feldt_woodruff_salih`` where
        persons recur.
    n_items : int
    """

    title: ClassVar[str] = "Reliability by group"

    table: pd.DataFrame
    chisq: float
    df: int
    pvalue: float
    test: str
    n_items: int

    def to_frame(self) -> pd.DataFrame:
        """Give the table of groups."""
        return self.table.copy()


def reliability_by(
    data: Any,
    *,
    by: Any,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    respondent: str | None = None,
    ci: str = "feldt",
    conf_level: float = 0.95,
) -> ReliabilityByResult:
    r"""Compute alpha and omega in each group or wave, and test whether the alphas are equal.

    Groups of different persons are compared by the test of Hakstian and Whalen (1976),

    .. math::
        M = \sum_g \frac{(u_g - \bar u)^2}{s_g^2}, \qquad u_g = (1 - \alpha_g)^{1/3}, \qquad
        s_g^2 = \frac{18 k (n_g - 1) u_g^2}{(k - 1)(9 n_g - 11)^2},

    with :math:`\bar u` the mean weighted by :math:`1 / s_g^2`. Where persons recur, as in
    waves, the test of Feldt, Woodruff and Salih (1987) takes account of the correlations
    between the sums of the same persons. Both are chi-square with one degree of freedom less
    than groups.

    Parameters
    ----------
    data : Scores, or DataFrame (pandas, Polars, PyArrow, …)
        Persons in rows, items keyed so that high means much. Persons with a missing answer
        are left out of their group.
    by : str or sequence
        The column with the group or wave, or one label a row; with Scores ``"cluster"`` and
        ``"wave"`` stand for the columns that these know.
    items : sequence of str, optional
        The items; without it all columns but ``by`` and ``respondent``.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    respondent : str, optional
        The column that tells who the person is, by which recurring persons are known; Scores
        know theirs. Without it all rows are different persons.
    ci : {"feldt", "bonett", "asymptotic"}
        Interval of alpha; see `cronbach_alpha`.
    conf_level : float
        Confidence level of the intervals.

    Returns
    -------
    ReliabilityByResult

    Raises
    ------
    DataError
        For an unknown column, no group at all, or a respondent (``respondent=``) twice in a
        group.
    OptionError
        For an option that is not offered.

    Warns
    -----
    DataWarning, ConvergenceWarning
        What `cronbach_alpha` and `mcdonald_omega` warn of in a group.

    Notes
    -----
    Each row equals the results of `cronbach_alpha` and `mcdonald_omega` on the group's own
    answers. The first test equals the homogeneity test of
    ``metafor::rma(measure = "AHW", method = "FE")``, the second
    ``cocron::cocron.n.coefficients(dep = TRUE)``. Alphas may be equal though the items work
    differently: that is what measurement invariance is about.

    Where only some persons recur, their correlation stands for that of all, and the test is
    too bold; ``warnings`` tell how many recur.

    References
    ----------
    Hakstian, A. R., & Whalen, T. E. (1976). A k-sample significance test for independent alpha
    coefficients. *Psychometrika, 41*, 219–231. https://doi.org/10.1007/BF02291840

    Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Statistical inference for
    coefficient alpha. *Applied Psychological Measurement, 11*, 93–103.
    https://doi.org/10.1177/014662168701100107

    Examples
    --------
    >>> import trustmeasure as tm
    >>> responses = tm.read_responses(tm.example_path("spi_trust"), "spi-trust")
    >>> trust = tm.score(responses)
    >>> by_sex = tm.reliability_by(trust, by="sex")
    >>> by_sex.table[["n", "alpha", "ci_low", "ci_high", "omega"]].round(3)
            n  alpha  ci_low  ci_high  omega
    sex
    1    1598  0.876   0.866    0.886  0.877
    2    2348  0.867   0.859    0.876  0.870
    """
    _checks.check_option("ci", ci, ("feldt", "bonett", "asymptotic"))
    _checks.check_level("conf_level", conf_level)
    block, ids = _grouped(data, by, items, scale, respondent)
    notes = Notes()
    _note_ungrouped(block, notes)

    rows, used = [], []
    for code, label in enumerate(block.labels):
        answers = pd.DataFrame(block.values[block.codes == code], columns=list(block.names))
        row = _row(answers, label, ci, conf_level, notes)
        rows.append(row)
        if np.isfinite(row["alpha"]):
            used.append(code)
    table = pd.DataFrame(rows, index=pd.Index(block.labels, name=block.cluster_name))
    test, name = _test(block, ids, table, used, respondent is not None, notes)
    return ReliabilityByResult(
        n=int(table["n"].sum()),
        n_dropped=block.n_persons - int(table["n"].sum()),
        table=table,
        chisq=test.chisq,
        df=test.df,
        pvalue=test.pvalue,
        test=name,
        n_items=len(block.names),
        settings={
            "by": block.cluster_name,
            "items": list(block.names),
            "scale": scale,
            "respondent": respondent,
            "ci": ci,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _grouped(
    data: Any, by: Any, items: Sequence[str] | None, scale: str | None, respondent: str | None
) -> tuple[_checks.GroupedItems, NDArray[Any] | None]:
    """Give the answers with each person's group, and who the persons are where that is known."""
    scale = _checks.one_scale(data, scale=scale, items=items)
    frame = _checks.as_frame(data, scale=scale)
    if is_scores(data):
        respondent = respondent or data.respondent
        if isinstance(by, str) and by not in frame.columns and by in ("cluster", "wave"):
            by = getattr(data, by) or by
        items = list(data.instrument.scale(scale).items) if items is None else items
    if respondent is not None and respondent not in frame.columns:
        raise DataError(
            f"The respondent column '{respondent}' is not in the data. Columns: "
            f"{_checks.listed(frame.columns)}." + _checks.near(respondent, frame.columns)
        )
    if items is None:
        leave = {respondent, by if isinstance(by, str) else None}
        items = [name for name in frame.columns if name not in leave]
    block = _checks.as_grouped(frame, cluster=by, items=items, min_items=2)
    ids = None if respondent is None else frame[respondent].to_numpy(dtype=object)
    return block, ids


def _note_ungrouped(block: _checks.GroupedItems, notes: Notes) -> None:
    if not block.labels:
        raise DataError(f"No person has a group: '{block.cluster_name}' is empty.")
    without = int((block.codes < 0).sum())
    if without:
        notes.record(
            f"{without} of {block.n_persons} rows have no '{block.cluster_name}' and were left out."
        )


def _row(answers: pd.DataFrame, label: Any, ci: str, level: float, notes: Notes) -> dict[str, Any]:
    """Analyse one group; what it does not allow is NaN and noted."""
    row: dict[str, Any] = {"n": 0, "n_dropped": len(answers)}
    row |= dict.fromkeys(
        ("alpha", "ci_low", "ci_high", "se", "omega", "omega_ci_low", "omega_ci_high"), math.nan
    )
    alpha = _tried(lambda: cronbach_alpha(answers, ci=ci, conf_level=level), label, notes)
    if isinstance(alpha, AlphaResult):
        row |= {"n": alpha.n, "n_dropped": alpha.n_dropped, "alpha": alpha.estimate}
        row |= {"ci_low": alpha.ci_low, "ci_high": alpha.ci_high, "se": alpha.se}
        if alpha.n_items > 2:
            omega = _tried(lambda: mcdonald_omega(answers, conf_level=level), label, notes)
            if isinstance(omega, OmegaResult):
                row |= {"omega": omega.omega_total}
                row |= {"omega_ci_low": omega.ci_low, "omega_ci_high": omega.ci_high}
    return row


def _tried(analysis: Any, label: Any, notes: Notes) -> Any:
    """Run an analysis; pass on its warnings, and its refusal as a warning, with the group."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrustMeasureWarning)
        try:
            result = analysis()
        except DataError as error:
            result = None
            notes.record(f"Group {label!r} could not be analysed. {error}")
    for warning in caught:
        if issubclass(warning.category, TrustMeasureWarning):
            notes.warn(f"Group {label!r}: {warning.message}", warning.category, stacklevel=5)
    return result


def _test(
    block: _checks.GroupedItems,
    ids: NDArray[Any] | None,
    table: pd.DataFrame,
    used: list[int],
    asked: bool,
    notes: Notes,
) -> tuple[kernel.EqualityTest, str]:
    """Choose the test by whether persons recur, and make it.

    ``asked`` tells that the caller named the respondents, and so meant each once in a group.
    """
    complete: NDArray[np.bool_] = np.asarray(~np.isnan(block.values).any(axis=1))
    sums = None
    if ids is not None:
        sums = _sums_by_person(block, ids, complete, used, asked, notes)
    recurring = 0 if sums is None else int((sums.notna().sum(axis=1) > 1).sum())
    name = "feldt_woodruff_salih" if recurring else "hakstian_whalen"
    if len(used) < 2:
        notes.record("Fewer than two groups have an alpha, so there is nothing to compare.")
        return kernel.EqualityTest(math.nan, 0, math.nan), name
    alpha = table["alpha"].to_numpy(dtype=np.float64)[used]
    n = table["n"].to_numpy(dtype=np.float64)[used]
    k = np.full(len(used), float(len(block.names)))
    if sums is None or not recurring:
        return kernel.independent_alphas(alpha, n, k), name
    if recurring < len(sums):
        notes.record(
            f"{recurring} of {len(sums)} persons with all answers recur in another group; the "
            "test of equal alphas takes their correlation for that of all, and is too bold."
        )
    r = sums.corr(min_periods=3).fillna(0.0).to_numpy(dtype=np.float64)
    test = kernel.dependent_alphas(alpha, float(n.mean()), k, r)
    if math.isnan(test.chisq):
        notes.record("The groups' sums correlate perfectly, so their alphas cannot be compared.")
    return test, name


def _sums_by_person(
    block: _checks.GroupedItems,
    ids: NDArray[Any],
    complete: NDArray[np.bool_],
    used: list[int],
    asked: bool,
    notes: Notes,
) -> pd.DataFrame:
    """Give each person's sum in each group (the mean of several), NaN where there is none."""
    keep = complete & np.isin(block.codes, used) & ~pd.isna(ids)
    frame = pd.DataFrame(
        {"id": ids[keep], "group": block.codes[keep], "sum": block.values[keep].sum(axis=1)}
    )
    double = frame.duplicated(["id", "group"])
    if double.any() and not asked:
        notes.record(
            f"{int(double.sum())} row(s) are of persons who occur more than once in their group, "
            "as at several waves; they count like rows of other persons, so intervals are too "
            "narrow and the test is too bold. Choose one wave, or analyse by wave."
        )
    elif double.any():
        first = frame[double].iloc[0]
        raise DataError(
            f"Respondent {first['id']!r} occurs more than once in group "
            f"{block.labels[int(first['group'])]!r} ({int(double.sum())} such row(s)). Keep one "
            "row a respondent and group."
        )
    wide = frame.pivot_table(index="id", columns="group", values="sum", sort=False)
    return wide.reindex(columns=used)
