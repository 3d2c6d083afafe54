"""What goes with what: options that exclude each other, and data that cannot bear a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustmeasure._checks import check_option, listed
from trustmeasure.confirmatory.fit_measures import n_moments
from trustmeasure.confirmatory.inference import ESTIMATORS
from trustmeasure.confirmatory.language.table import ParameterTable
from trustmeasure.confirmatory.ordinal.estimation import ESTIMATORS as ORDINAL_ESTIMATORS
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.errors import DataError, OptionError

MISSING = ("listwise", "fiml")
# Estimators of incomplete data.
LIKELIHOODS = ("ML", "MLR", "MLF")
LIKELIHOOD_KINDS = ("normal", "wishart")


def check_wishart(estimator: str, missing: str, cluster: str | None, *, levels: bool) -> None:
    """Refuse what has no likelihood of covariances alone."""
    if levels or cluster is not None or missing != "listwise":
        raise OptionError(
            "likelihood='wishart' is for complete answers to continuous items, without clusters or "
            "levels. Leave it out."
        )
    if ESTIMATORS.get(estimator, ("",))[0] != "ML":
        raise OptionError(
            f"likelihood='wishart' goes with maximum likelihood, not with estimator='{estimator}', "
            "which counts n − 1 persons anyway."
        )


def check_estimator(estimator: str) -> None:
    """Refuse unknown estimators, and those of ordered items."""
    if estimator in ORDINAL_ESTIMATORS and estimator not in ESTIMATORS:
        raise OptionError(
            f"estimator='{estimator}' is for ordered items: pass ordered=True, or the names of "
            f"those that are. Estimators of continuous variables: {listed(ESTIMATORS)}."
        )
    check_option("estimator", estimator, tuple(ESTIMATORS))


def refuse_with_ordered(data: Any, **options: Any) -> None:
    """Refuse what models of ordered items do not offer."""
    if data is None:
        raise OptionError("Models of ordered items need the answers: pass data.")
    if options["missing"] == "fiml":
        raise OptionError(
            "Models of ordered items use complete answers (missing='listwise') or, moment by "
            "moment, all that there are (missing='pairwise'). For full-information maximum "
            "likelihood, treat the items as continuous (estimator='MLR', missing='fiml')."
        )
    check_option("missing", options.pop("missing"), ("listwise", "pairwise"))
    given = [f"{name}=" for name, value in options.items() if value is not None]
    if given:
        raise OptionError(f"{listed(given)} cannot be combined with ordered=.")


def check_sources(
    data: Any,
    corr: Any,
    cov: Any,
    n_obs: int | None,
    means: Any,
    group: str | None,
    cluster: str | None,
    estimator: str,
    missing: str,
) -> None:
    """Refuse data and moments together, and what moments alone cannot answer."""
    given = [
        name for name, one in (("data", data), ("corr", corr), ("cov", cov)) if one is not None
    ]
    if len(given) != 1:
        raise OptionError(
            "Give the data, or cov=, or corr=: "
            + (f"{listed(given)} were given." if given else "none was given.")
        )
    if data is not None:
        if n_obs is not None or means is not None:
            raise OptionError("n_obs= and means= belong to cov= and corr=; data bring their own.")
        return
    for name, value in (("group", group), ("cluster", cluster)):
        if value is not None:
            raise OptionError(f"{name}= names a column of the data; moments have none.")
    if missing == "fiml":
        raise OptionError("missing='fiml' needs the answers; moments have none missing.")
    if ESTIMATORS[estimator][1] != "standard" or estimator == "WLS":
        raise OptionError(
            f"estimator='{estimator}' needs the answers, for how they stray from normality. With "
            "moments, use 'ML', 'GLS' or 'ULS'."
        )


def clustered(estimator: str, test: str) -> tuple[str, str]:
    """Give the errors and the statistic that allow for clusters."""
    if estimator in ("ML", "MLR"):
        return "robust.huber.white", "yuan.bentler.mplus"
    raise OptionError(
        f"cluster= goes with estimator='ML' or 'MLR', not with '{estimator}'. With clusters, ML "
        "means MLR's errors and statistic, as in lavaan."
    )


def refuse_unsupported(table: ParameterTable) -> None:
    """Refuse what other functions are for, rather than ignore it."""
    if table.ov_ord or any(row.op in ("|", "~*~") for row in table.parameters):
        raise OptionError(
            "The model has thresholds or scaling factors, which are for ordered items: pass "
            "ordered=True or their names."
        )


def refuse_too_many(df: int, table: ParameterTable) -> None:
    """Refuse more parameters than moments."""
    if df < 0:
        raise DataError(
            f"The model has {table.n_free} free parameters, {-df} more than there are moments to "
            "estimate them from, so it is not identified. Fix or equate some, or use more "
            "indicators."
        )


def refuse_singular(samples: Samples, table: ParameterTable) -> None:
    """Refuse covariance matrices without an inverse, and name the variables behind it."""
    from trustmeasure.kernels.covariance import (
        dependent_items,
        is_positive_definite,
        to_correlation,
    )
    from trustmeasure.kernels.sandwich import is_positive, plain_inverse

    for group in samples.groups:
        if group.values is not None and not np.isfinite(group.values.sum()):
            continue  # pairwise moments serve for starting values alone
        correlation = to_correlation(group.covariance)
        # Far from singular, as nearly always, needs no eigenvalues to be seen.
        if is_positive(correlation) and (
            plain_inverse(correlation) is not None or is_positive_definite(correlation)
        ):
            continue
        where = "" if group.label is None else f" in group '{group.label}'"
        names = listed(table.observed[i] for i in dependent_items(correlation))
        raise DataError(
            f"The covariance matrix{where} has no inverse: {group.n} persons, and these variables "
            f"are linearly dependent: {names}. Leave one of them out, or use more persons."
        )


def refuse_too_few(specification: Specification, samples: Samples, *, means: bool) -> None:
    """Refuse to weigh moments by fewer persons than there are moments."""
    for block, group in zip(specification.blocks, samples.groups, strict=True):
        moments = n_moments(block.observed, block.exogenous, means=means)
        if group.n <= moments:
            where = "" if group.label is None else f" in group '{group.label}'"
            raise DataError(
                f"estimator='WLS' weighs {moments} moments by how persons differ in them, which "
                f"needs more persons than {group.n}{where}. Use estimator='MLM' or 'MLR', or "
                "fewer variables."
            )
