"""How many factors: every criterion beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar

import pandas as pd

from trustmeasure._checks import as_rng, check_count, check_level, check_option
from trustmeasure.errors import OptionError
from trustmeasure.exploratory.consensus import Consensus, consensus
from trustmeasure.exploratory.criteria import CRITERIA, Suggestion
from trustmeasure.exploratory.evidence import Evidence, Options, by_eigenvalue, by_number
from trustmeasure.exploratory.retention import REFERENCES, answers_used, refuse_incomplete
from trustmeasure.exploratory.sources import correlations_from
from trustmeasure.kernels.model_sequence import most_testable
from trustmeasure.results import Notes, Result


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class NumberOfFactors(Result):
    """What `n_factors` returns.

    Attributes
    ----------
    table : DataFrame
        One row a criterion, its id as index: ``criterion`` (its name), ``n_factors`` (missing
        where it cannot be computed), ``family``, ``tendency`` ("over", "under", "balanced" or
        "mixed": how it errs where it errs), ``basis`` (what it decides by) and ``note``.
    consensus : Consensus
        How the criteria agree and differ; its ``sentence`` says it in words.
    eigenvalues : DataFrame, shape (p, …)
        By the number of the eigenvalue: those of the data, of random data, and what other
        criteria compare them with.
    curves : DataFrame, shape (p, …)
        By the number of factors, from 0: fit of the models, strengths of the hulls' elbows,
        partial correlations, distances of comparison data; NaN where not computed.
    """

    title: ClassVar[str] = "Number of factors"

    table: pd.DataFrame
    consensus: Consensus
    eigenvalues: pd.DataFrame
    curves: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row a criterion."""
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Give every field as plain Python objects that ``json.dumps`` accepts."""
        return super().to_dict() | {"consensus": self.consensus.to_dict()}

    def __repr__(self) -> str:
        shown = self.table[["criterion", "n_factors", "tendency", "note"]]
        head, *notes = [self._heading(), *(f"Note: {message}" for message in self.warnings)]
        with pd.option_context("display.width", 120, "display.max_colwidth", 80):
            cells = shown.astype(object).where(shown.notna(), "").to_string(index=False)
        return "\n\n".join([head, cells, self.consensus.sentence, *notes])

    def _repr_html_(self) -> str:
        return f"{super()._repr_html_()}<p>{escape(self.consensus.sentence)}</p>"

    def _heading(self) -> str:
        return super()._heading() if self.n else f"{self.title} (n unknown)"


def n_factors(
    data: Any = None,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    corr: Any = None,
    n_obs: int | None = None,
    criteria: Sequence[str] | None = None,
    max_factors: int | None = None,
    n_iter: int = 1000,
    quantile: float = 0.95,
    reference: str = "normal",
    alpha: float = 0.05,
    n_samples: int = 500,
    cd_alpha: float = 0.30,
    rng: Any = None,
) -> NumberOfFactors:
    r"""How many factors: seventeen criteria in one table, and what they say together.

    No criterion is right of all data, so none decides here. The table shows what each
    suggests and how it is known to err; ``consensus`` shows where they agree, where they
    part, whether the disagreement has the direction that is known of them, and which
    solutions to compare.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows; at least 3 items. Give either ``data`` or ``corr``.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric"}
        Kind of correlation, of random samples too. Comparison data are answers, of which
        Pearson correlations are compared (Spearman's for "spearman"). The χ² of ML models is
        that of normal answers in any case; a note says so.
    missing : {"listwise", "pairwise", "fiml"}
        Persons with a missing answer are left out, or used for the pairs that they
        answered, or enter a full-information covariance matrix (Pearson only). Comparison
        data have as many persons and the margins of all answers given.
    corr : DataFrame or 2-D array, optional
        Correlation matrix to use instead of ``data``; what needs answers is then left out.
    n_obs : int, optional
        Persons behind ``corr``; what needs their number is left out without it.
    criteria : sequence of str, optional
        Ids of the criteria to compute, as the table's index has them; all without it.
    max_factors : int, optional
        Most factors of the models, the hull and the comparison data. Without it half as
        many as items, at least 8 and at most 20, as far as degrees of freedom are left; the
        hull then ends one factor beyond parallel analysis (components, mean), as its
        authors advise.
    n_iter : int
        Random samples of parallel analysis.
    quantile : float
        Quantile of parallel analysis.
    reference : {"normal", "permutation"}
        What parallel analysis compares with; see `parallel_analysis`.
    alpha : float
        Level of the χ² tests.
    n_samples : int
        Comparison data: samples for each number of factors. They are simulated person by
        person, and so take most of the time; leave them out with ``criteria`` where many
        thousands answered many items.
    cd_alpha : float
        Comparison data: level at which one factor more must bring samples nearer.
    rng : None, int, or numpy.random.Generator
        Seed; the same seed gives the same result.

    Returns
    -------
    NumberOfFactors
        ``table``, ``consensus``, ``eigenvalues``, ``curves``.

    Raises
    ------
    DataError
        When the data or the matrix cannot be used.
    OptionError
        For an option that is not offered, or ``reference="permutation"`` without answers.

    Notes
    -----
    *Parallel analysis* (``pa_components``, ``pa_factors``, and each with ``_mean``): see
    `parallel_analysis`. *MAP*: see `map_test`. *Kaiser–Guttman*: eigenvalues above 1.

    *Empirical Kaiser criterion*: eigenvalues :math:`l_j` above

    .. math:: \max\left(\frac{p - \sum_{i<j} l_i}{p - j + 1}
       \left(1 + \sqrt{p/n}\right)^2,\; 1\right),

    the original formula of Braeken and van Assen with observed :math:`l_i`.

    *Hull*: fit against parameters of models with 0, 1, … factors; of those on the upper hull
    the one with the largest ratio of the slopes before and after it. CAF is 1 minus the KMO
    of the residual correlations of minimum residual factors, with ones in the diagonal; CFI
    and RMSEA are those of `efa` with ``method="ml"``. With fewer than three solutions on the
    hull there is no ratio; the best fitting one is taken if more factors fit no better.

    *Comparison data*: samples from a population with m factors, the items' own margins, and
    correlations as near to the data's as m factors allow. Factors are added as long as the
    samples' eigenvalues come nearer (one-sided Mann–Whitney test, p < ``cd_alpha``). Where
    Ruscio and Roche simulate a population of 10,000, here it has no bounds: its
    correlations follow from the factor model in closed form (Mehler's series).

    *Acceleration factor*: the eigenvalues before the largest second difference. *Optimal
    coordinates*: eigenvalues of at least 1 above what the line through the next and the
    last one predicts.

    *χ² tests, AIC, BIC*: maximum likelihood with 0, 1, … factors and Bartlett's correction,
    as `efa`; AIC is :math:`\chi^2 - 2 df` and BIC :math:`\chi^2 - \ln(n) df`. The first
    model that is not rejected counts.

    ``curves`` equals ``psych::nfactors(x, fm = "mle")``: its ``map``, and χ², p, RMSEA and BIC
    in ``vss.stats``; ``eigenvalues`` those of ``psych::fa.parallel``. psych's RMSEA has no
    model with 0 factors; here the null model's is used.

    **What is known of them.** Too many: Kaiser (Zwick & Velicer, 1986), parallel analysis by
    the mean (Glorfeld, 1995), χ² tests in large samples, where slight misfit is significant
    (Fabrigar et al., 1999), AIC (Preacher et al., 2013). Too few: MAP (Zwick & Velicer, 1986;
    Garrido et al., 2011) and the acceleration factor (Ruscio & Roche, 2012). Neither, in
    most conditions: parallel analysis of components, EKC, hull, comparison data (Auerswald &
    Moshagen, 2019), though parallel analysis can miss factors that correlate highly (Braeken
    & van Assen, 2017). It depends: parallel analysis of common factors (Crawford et al.,
    2010), BIC, optimal coordinates. Auerswald and Moshagen found the number almost always
    right where the χ² tests agree with hull, EKC or parallel analysis, and hard to tell
    otherwise; ``consensus.confirmed`` says where they do.

    References
    ----------
    Auerswald, M., & Moshagen, M. (2019). How to determine the number of factors to retain in
    exploratory factor analysis. *Psychological Methods, 24*, 468–491.
    https://doi.org/10.1037/met0000200

    Braeken, J., & van Assen, M. A. L. M. (2017). An empirical Kaiser criterion.
    *Psychological Methods, 22*, 450–466. https://doi.org/10.1037/met0000074

    Crawford, A. V., Green, S. B., Levy, R., Lo, W.-J., Scott, L., Svetina, D., & Thompson,
    M. S. (2010). Evaluation of parallel analysis methods for determining the number of
    factors. *Educational and Psychological Measurement, 70*, 885–901.
    https://doi.org/10.1177/0013164410379332

    Fabrigar, L. R., Wegener, D. T., MacCallum, R. C., & Strahan, E. J. (1999). Evaluating the
    use of exploratory factor analysis in psychological research. *Psychological Methods, 4*,
    272–299. https://doi.org/10.1037/1082-989X.4.3.272

    Garrido, L. E., Abad, F. J., & Ponsoda, V. (2011). Performance of Velicer's minimum
    average partial factor retention method with categorical variables. *Educational and
    Psychological Measurement, 71*, 551–570. https://doi.org/10.1177/0013164410389489

    Glorfeld, L. W. (1995). An improvement on Horn's parallel analysis methodology.
    *Educational and Psychological Measurement, 55*, 377–393.
    https://doi.org/10.1177/0013164495055003002

    Lorenzo-Seva, U., Timmerman, M. E., & Kiers, H. A. L. (2011). The Hull method for
    selecting the number of common factors. *Multivariate Behavioral Research, 46*, 340–364.
    https://doi.org/10.1080/00273171.2011.564527

    Preacher, K. J., Zhang, G., Kim, C., & Mels, G. (2013). Choosing the optimal number of
    factors in exploratory factor analysis: A model selection perspective. *Multivariate
    Behavioral Research, 48*, 28–56. https://doi.org/10.1080/00273171.2012.710386

    Raîche, G., Walls, T. A., Magis, D., Riopel, M., & Blais, J.-G. (2013). Non-graphical
    solutions for Cattell's scree test. *Methodology, 9*, 23–29.
    https://doi.org/10.1027/1614-2241/a000051

    Ruscio, J., & Roche, B. (2012). Determining the number of factors to retain in an
    exploratory factor analysis using comparison data of known factorial structure.
    *Psychological Assessment, 24*, 282–292. https://doi.org/10.1037/a0025697

    Zwick, W. R., & Velicer, W. F. (1986). Comparison of five rules for determining the number
    of components to retain. *Psychological Bulletin, 99*, 432–442.
    https://doi.org/10.1037/0033-2909.99.3.432

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.normal(size=(300, 2)), 4, axis=1)
    >>> result = tm.n_factors(traits + rng.normal(size=(300, 8)), rng=1)
    >>> result.table.loc[["pa_components", "ekc", "hull_caf", "kaiser"], "n_factors"].tolist()
    [2, 2, 2, 2]
    >>> result.consensus.modes, result.consensus.confirmed
    ((2,), (2,))
    """
    chosen = _chosen(criteria)
    notes = Notes()
    _check(n_iter, quantile, alpha, n_samples, cd_alpha, reference)
    if data is not None:
        refuse_incomplete(reference, missing)
    elif reference == "permutation":
        raise OptionError("reference='permutation' needs answers to permute, not corr=.")
    generator = as_rng(rng)
    found = correlations_from(
        data,
        corr,
        n_obs=n_obs,
        items=items,
        scale=scale,
        correlation=correlation,
        missing=missing,
        min_items=3,
        notes=notes,
    )
    values = (
        None
        if data is None
        else answers_used(data, items=found.names, scale=scale, missing=missing)
    )
    most = _most(max_factors, len(found.names), notes)
    if corr is not None and n_obs is None:
        notes.record("Most criteria need the number of persons: pass n_obs= with corr=.")
    evidence = Evidence(
        found,
        values,
        Options(
            correlation=correlation if corr is None else "pearson",
            reference=reference,
            n_iter=n_iter,
            quantile=quantile,
            alpha=alpha,
            n_samples=n_samples,
            cd_alpha=cd_alpha,
            most=most,
            limited=max_factors is not None,
            rng=generator,
        ),
    )
    said = {name: evidence.suggestion(name) for name in chosen}
    return NumberOfFactors(
        n=found.n_obs or 0,
        n_dropped=found.n_dropped,
        table=_table(said),
        consensus=consensus({name: one.n_factors for name, one in said.items()}),
        eigenvalues=pd.DataFrame(
            by_eigenvalue(evidence, chosen),
            index=pd.RangeIndex(1, len(found.names) + 1, name="number"),
        ),
        curves=pd.DataFrame(
            by_number(evidence, chosen), index=pd.RangeIndex(len(found.names), name="n_factors")
        ),
        settings={
            "items": list(found.names),
            "scale": scale,
            "correlation": correlation if corr is None else "given",
            "missing": missing if corr is None else None,
            "n_obs": n_obs,
            "criteria": chosen,
            "max_factors": most,
            "n_iter": n_iter,
            "quantile": quantile,
            "reference": reference,
            "alpha": alpha,
            "n_samples": n_samples,
            "cd_alpha": cd_alpha,
            "rng": rng if isinstance(rng, int) else None,
        },
        warnings=notes.messages(),
    )


def _chosen(criteria: Sequence[str] | None) -> list[str]:
    """Check the ids of criteria, and put them into the table's order."""
    if criteria is None:
        return list(CRITERIA)
    asked = [criteria] if isinstance(criteria, str) else list(criteria)
    for name in asked:
        check_option("criteria", name, list(CRITERIA))
    if not asked:
        raise OptionError("criteria= is empty. Leave it out for all, or name some.")
    return [name for name in CRITERIA if name in asked]


def _check(
    n_iter: int, quantile: float, alpha: float, n_samples: int, cd_alpha: float, reference: str
) -> None:
    check_count("n_iter", n_iter, least=20)
    check_count("n_samples", n_samples, least=50)
    for name, value in (("quantile", quantile), ("alpha", alpha), ("cd_alpha", cd_alpha)):
        check_level(name, value)
    check_option("reference", reference, REFERENCES)


def _most(max_factors: int | None, n_items: int, notes: Notes) -> int:
    """Decide how many factors models may have."""
    possible = most_testable(n_items)
    if max_factors is None:
        return min(possible, max(8, n_items // 2), 20)
    check_count("max_factors", max_factors)
    if max_factors > possible:
        notes.record(
            f"max_factors={max_factors}, but {n_items} items leave degrees of freedom for "
            f"{possible} at most; models and hull stop there."
        )
    return min(max_factors, possible)


def _table(said: dict[str, Suggestion]) -> pd.DataFrame:
    rows = {
        name: {
            "criterion": CRITERIA[name].label,
            "n_factors": one.n_factors,
            "family": CRITERIA[name].family,
            "tendency": CRITERIA[name].tendency,
            "basis": one.basis,
            "note": one.note,
        }
        for name, one in said.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index.name = "id"
    return frame.astype({"n_factors": "Int64"})
