"""What the ladder of invariance returns, and what can be asked of it further."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.invariance.designs import Design
from trustmeasure.invariance.effect_sizes import BiasEffects
from trustmeasure.results import Result, to_plain
from trustmeasure.thresholds import Thresholds


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class InvarianceResult(Result):
    """What `measurement_invariance` and `longitudinal_invariance` return.

    Attributes
    ----------
    table : DataFrame
        One row a level: statistic and indices, differences to the level before with the test of
        the difference, and ``holds``: whether all criteria for the changes are met (missing for
        levels that have none).
    verdicts : DataFrame
        One row a level and index that is judged: the change, the criterion, whether it is met,
        and whose criterion it is.
    fits : mapping of str to StructuralModel
        Level → model.
    latent_means : DataFrame
        Index factor and occasion: difference to the reference in the model's units with
        interval, and ``d``, in pooled latent standard deviations, with interval. Empty where no
        level with equal intercepts was asked for.
    criteria : Thresholds
        What the changes were held to.
    """

    title: ClassVar[str] = "Measurement invariance"

    table: pd.DataFrame
    verdicts: pd.DataFrame
    fits: Mapping[str, StructuralModel]
    latent_means: pd.DataFrame
    design: Design = field(repr=False)
    criteria: Thresholds = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the table of levels."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field as plain Python objects, the models as their estimates and fit."""
        names = ("n", "n_dropped", "settings", "warnings", "table", "verdicts", "latent_means")
        plain = {name: to_plain(getattr(self, name)) for name in names}
        return plain | {"fits": {level: fit.to_dict() for level, fit in self.fits.items()}}

    def partial(
        self,
        level: str,
        *,
        release: str | Sequence[str] | None = None,
        criterion: str = "changes",
        correction: str = "holm",
        alpha: float = 0.05,
        min_invariant: int = 2,
        thresholds: Any = None,
    ) -> PartialInvariance:
        """Release single equalities of a level until what remains of it holds.

        At each step every equality of the level's own class (thresholds at "thresholds",
        loadings at "metric", intercepts at "scalar", residual variances at "strict") has a score
        test of what the model would gain without it, over all occasions at once. The one with
        the smallest p is released if it is significant after correction for the number of
        equalities tested at that step.

        Parameters
        ----------
        level : {"thresholds", "metric", "scalar", "strict"}
            One of the levels of this result.
        release : str or sequence of str, optional
            Release these, as ``"visual=~x2"``, ``"x3~1"`` or ``"x4|t2"``, instead of searching.
        criterion : {"changes", "pvalue"}
            When to stop: when the changes of fit to the level before meet the criteria, or when
            the test of the difference is not significant at ``alpha``.
        correction : {"holm", "bh", "none"}
            For the number of tests: Holm's, or Benjamini and Hochberg's.
        alpha : float
        min_invariant : int
            Each factor keeps at least so many items with equal loadings (and, from "scalar" on,
            equal intercepts; at "thresholds", with all thresholds equal); released residual
            variances do not count.
        thresholds : path or mapping, optional
            Other criteria than those of the ladder.

        Returns
        -------
        PartialInvariance
            ``released``, ``log``, ``fit``, ``holds``, ``stopped``; ``resume()`` goes up the
            ladder with what was released.

        Raises
        ------
        OptionError
            For levels that the result does not have or that cannot be partial, and unknown
            parameters.

        Notes
        -----
        Released intercepts follow released loadings by your decision, not by itself: an item
        whose loading differs seldom has a comparable intercept. A search fits itself to the
        sample at hand; confirm what it finds in other data.

        Weighted least squares of ordered items are no likelihood, so their score tests are
        generalised ones: with the slopes g of half the distance, M what a release adds to the
        directions of the model, and J = Δ'WΓWΔ the covariance of the slopes (Δ the slopes of
        the moments, W the weights, Γ the moments' covariance), n g'M (M'JM)⁻¹ M'g. A search of
        ordered items releases whatever the level adds to the one before (thresholds, too, where
        these have no level of their own), and two thresholds of an item stay equal at least. An
        item with four categories has one equality of thresholds over two occasions, so that all
        its thresholds have the same test, and the first is released; which it is decides by
        which two its loading is compared later on. Of items with three categories loadings stand
        for thresholds, of items with two intercepts for all three: releasing them takes the
        item out altogether (``expected_change`` is then the loading's).

        References
        ----------
        Boos, D. D. (1992). On generalized score tests. *The American Statistician, 46* (4),
        327–333. https://doi.org/10.1080/00031305.1992.10475921

        Byrne, B. M., Shavelson, R. J., & Muthén, B. (1989). Testing for the equivalence of
        factor covariance and mean structures: The issue of partial measurement invariance.
        *Psychological Bulletin, 105* (3), 456–466. https://doi.org/10.1037/0033-2909.105.3.456

        Holm, S. (1979). A simple sequentially rejective multiple test procedure. *Scandinavian
        Journal of Statistics, 6* (2), 65–70. https://www.jstor.org/stable/4615733

        Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate: A practical
        and powerful approach to multiple testing. *Journal of the Royal Statistical Society:
        Series B, 57* (1), 289–300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
        """
        from trustmeasure.invariance.release import partial

        return partial(
            self, level, release=release, criterion=criterion, correction=correction, alpha=alpha,
            min_invariant=min_invariant, thresholds=thresholds,
        )  # fmt: skip

    def effect_size(
        self, *, anchors: Sequence[str] | None = None, conf_level: float | None = None
    ) -> BiasEffects:
        r"""How large non-invariance is, item by item, and what it does to the scale's mean.

        The focal occasion's expected answers are compared with those that the same persons would
        give if the item measured as in the reference:

        .. math:: d_{MACS} = \frac{1}{SD_{pooled}}\sqrt{\int
                  [(\nu_F + \lambda_F\eta) - (\nu_R + \lambda_R\eta)]^2 f_F(\eta)\,d\eta}

        which for linear items is :math:`\sqrt{(\Delta\nu + \Delta\lambda\alpha_F)^2 +
        \Delta\lambda^2\varphi_F}` over the pooled standard deviation. ``d_signed`` is the same
        without the square: positive where the item gives the focal occasion higher answers than
        the reference at equal standing. It is 0 for an item that favours either side at
        different standings; ``d_macs`` is not. Of ordered items the expected answer goes through
        the thresholds, and is integrated numerically:

        .. math:: E(y \mid \eta) = y_1 + \sum_k (y_{k+1} - y_k)\,
                  \Phi\!\left(\frac{\nu + \lambda\eta - \tau_k}{\sqrt\theta}\right)

        with the answers :math:`y_1 < y_2 < \dots` as they are in the data.

        Parameters
        ----------
        anchors : sequence of str, optional
            Items taken to be invariant, at least one a factor (two, where they have two
            categories); by default of each factor the one with the smallest score tests. All
            else is free.
        conf_level : float, optional
            As in the ladder by default. Intervals by the delta method.

        Returns
        -------
        BiasEffects
            ``table`` (items), ``scales`` (means of each factor's items), ``anchors``.

        Raises
        ------
        OptionError
            For anchors that are no items of the model, and factors without enough of them.

        Notes
        -----
        Standard deviations are those observed, pooled with divisors n − 1, as in Nye and Drasgow
        (2011). The bias of a scale is the mean of its items'; the remainder of the expected
        difference is the factors'. ``tests/parity/r/invariance.R`` and ``ordinal_invariance.R``
        integrate numerically. Gunn, Grimm and Edwards (2020) compare this with other effect
        sizes. Residual variances of ordered anchors are free, so that anchors may have some bias,
        too. Differences of their loadings, intercepts and thresholds are in units of the
        variables behind, which anchors tie together and other items do not.

        References
        ----------
        Gunn, H. J., Grimm, K. J., & Edwards, M. C. (2020). Evaluation of six effect size measures
        of measurement non-invariance for continuous outcomes. *Structural Equation Modeling, 27*
        (4), 503–514. https://doi.org/10.1080/10705511.2019.1689507

        Nye, C. D., & Drasgow, F. (2011). Effect size indices for analyses of measurement
        equivalence: Understanding the practical importance of differences between groups.
        *Journal of Applied Psychology, 96* (5), 966–980. https://doi.org/10.1037/a0022955

        Nye, C. D., Bradburn, J., Olenick, J., Bialko, C., & Drasgow, F. (2019). How big are my
        effects? Examining the magnitude of effect sizes in studies of measurement equivalence.
        *Organizational Research Methods, 22* (3), 678–709.
        https://doi.org/10.1177/1094428118761122
        """
        from trustmeasure.invariance.release import effects_of_ladder

        return effects_of_ladder(self, anchors, conf_level)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PartialInvariance(Result):
    """What ``partial`` of an invariance result returns.

    Attributes
    ----------
    level : str
    released : tuple of str
        What is free over occasions by now, what was free before the search included.
    log : DataFrame
        One row a step: what was released, its score test (chisq, df, pvalue, p_adjusted, out of
        ``n_tests``), the expected change, and then the fit with its changes to the level before.
        Step 0 is the level itself.
    stopped : str
        Why the search ended.
    holds : bool
        Whether the criterion is met at the end.
    fit, before : StructuralModel
        The last model, and the level before with the same released.
    tests : DataFrame
        Score tests of the equalities that remain.
    latent_means : DataFrame
        As in the ladder, from ``fit``; empty at "metric".
    """

    title: ClassVar[str] = "Partial invariance"

    level: str
    released: tuple[str, ...]
    log: pd.DataFrame
    stopped: str
    holds: bool
    fit: StructuralModel
    before: StructuralModel
    tests: pd.DataFrame
    latent_means: pd.DataFrame
    ladder: InvarianceResult = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the log."""
        return self.log.copy()

    def summary(self) -> dict[str, Any]:
        """Tell whether the criterion is met, and how much was released."""
        return {"holds": self.holds, "n_released": len(self.released)}

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the ladder as plain Python objects."""
        names = ("n", "n_dropped", "settings", "warnings", "level", "released", "log", "stopped",
                 "holds", "tests", "latent_means")  # fmt: skip
        plain = {name: to_plain(getattr(self, name)) for name in names}
        return plain | {"fit": self.fit.to_dict()}

    def resume(self) -> InvarianceResult:
        """Go up the whole ladder again with what was released free at every level."""
        from trustmeasure.invariance.release import resume

        return resume(self)

    def effect_size(self, *, conf_level: float | None = None) -> BiasEffects:
        """Effect sizes of the items that were released, all others tying the scales together.

        As ``effect_size`` of the ladder, from the partial model: items that are held equal have
        effects of 0 (ordered ones where their residual variances are equal, too). The level must
        hold intercepts equal ("scalar" or "strict").
        """
        from trustmeasure.invariance.release import effects_of_partial

        return effects_of_partial(self, conf_level)
