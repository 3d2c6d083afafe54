"""From syntax and data to a fitted model: each step of it, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trustmeasure._checks import check_level, check_option, listed
from trustmeasure.confirmatory.admissibility import problems_of
from trustmeasure.confirmatory.baseline import fit_baseline
from trustmeasure.confirmatory.constrained import estimate_within
from trustmeasure.confirmatory.estimation import prepare
from trustmeasure.confirmatory.fit_measures import (
    Tested,
    degrees_of_freedom,
    fit_measures,
)
from trustmeasure.confirmatory.incomplete_fit import corrected, informed, saturated_trace
from trustmeasure.confirmatory.inference import ESTIMATORS, infer
from trustmeasure.confirmatory.language.equalities import nonlinear_equalities
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, ParameterTable, parameter_table
from trustmeasure.confirmatory.ordinal.fitting import fit_ordinal_model
from trustmeasure.confirmatory.reporting import estimates_frame, r_squared_frame
from trustmeasure.confirmatory.requirements import (
    LIKELIHOOD_KINDS,
    LIKELIHOODS,
    MISSING,
    check_estimator,
    check_sources,
    check_wishart,
    clustered,
    refuse_singular,
    refuse_too_few,
    refuse_too_many,
    refuse_unsupported,
    refuse_with_ordered,
)
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.confirmatory.sample_size import note_sample
from trustmeasure.confirmatory.samples import (
    Samples,
    from_data,
    from_moments,
    group_labels,
    unbiased,
)
from trustmeasure.confirmatory.specification import specify
from trustmeasure.confirmatory.two_level.fitting import fit_levels
from trustmeasure.errors import ConvergenceWarning, OptionError
from trustmeasure.results import Notes


def fit_model(
    kind: str,
    model: str,
    data: Any,
    *,
    estimator: str,
    group: str | None,
    group_equal: str | Sequence[str],
    group_partial: str | Sequence[str],
    cluster: str | None,
    missing: str,
    conf_level: float,
    ordered: bool | Sequence[str] | None = None,
    parameterization: str = "delta",
    std_lv: bool = False,
    orthogonal: bool = False,
    meanstructure: bool | None = None,
    fixed_x: bool | None = None,
    likelihood: str = "normal",
    corr: Any = None,
    cov: Any = None,
    n_obs: int | None = None,
    means: Any = None,
) -> StructuralModel:
    """Read the model and the data, fit it and its baseline, and put the result together."""
    parsed = parse_model(model)
    check_option("fixed_x", fixed_x, (None, True, False))
    check_option("likelihood", likelihood, LIKELIHOOD_KINDS)
    wishart = likelihood == "wishart"
    if wishart:
        ordinal = ordered is not None and ordered is not False
        check_wishart(estimator, missing, cluster, levels=bool(parsed.levels) or ordinal)
    if parsed.levels:
        if fixed_x is not None:
            raise OptionError("fixed_x= is not offered for models with levels.")
        return fit_levels(
            kind, model, parsed, data, estimator=estimator, cluster=cluster, std_lv=std_lv,
            orthogonal=orthogonal, conf_level=conf_level, ordered=ordered, missing=missing,
            parameterization=parameterization, group=group, group_equal=group_equal,
            group_partial=group_partial, meanstructure=meanstructure, corr=corr, cov=cov,
            n_obs=n_obs, means=means,
        )  # fmt: skip
    if ordered is not None and ordered is not False:
        refuse_with_ordered(
            data, cluster=cluster, missing=missing, meanstructure=meanstructure, corr=corr,
            cov=cov, n_obs=n_obs, means=means,
        )  # fmt: skip
        return fit_ordinal_model(
            kind, model, data, estimator=estimator, ordered=ordered,
            parameterization=parameterization, group=group, group_equal=group_equal,
            group_partial=group_partial, missing=missing,
            fixed_x=fixed_x is not False, std_lv=std_lv, orthogonal=orthogonal,
            conf_level=check_level("conf_level", conf_level),
        )  # fmt: skip
    if parameterization != "delta":
        raise OptionError("parameterization= is for ordered items: pass ordered=True or names.")
    check_estimator(estimator)
    if missing == "pairwise":
        raise OptionError(
            "missing='pairwise' is for ordered items: pass ordered=. For continuous ones, "
            "missing='fiml' uses all answers."
        )
    check_option("missing", missing, MISSING)
    check_level("conf_level", conf_level)
    check_sources(data, corr, cov, n_obs, means, group, cluster, estimator, missing)
    discrepancy, errors, test = ESTIMATORS[estimator]
    if missing == "fiml" and estimator not in LIKELIHOODS:
        raise OptionError(
            f"missing='fiml' goes with estimators {listed(LIKELIHOODS)}, not with '{estimator}'."
        )
    if cluster is not None:
        errors, test = clustered(estimator, test)
    labels = group_labels(data, group)
    options: dict[str, Any] = {**DEFAULTS[kind], "std_lv": std_lv, "orthogonal": orthogonal}
    # As in lavaan, least squares model the moments of observed predictors, too.
    options["fixed_x"] = discrepancy == "ML" if fixed_x is None else fixed_x
    if fixed_x and discrepancy != "ML":
        raise OptionError(
            f"estimator='{estimator}' models the moments of predictors, too: leave out fixed_x=."
        )
    if missing == "fiml" or group is not None or cluster is not None:
        options["meanstructure"] = True
    if meanstructure is not None:
        options["meanstructure"] = meanstructure
    table = parameter_table(
        parsed,
        n_groups=len(labels),
        group_labels=[str(label) for label in labels],
        group_equal=group_equal,
        group_partial=group_partial,
        **options,
    )
    refuse_unsupported(table)
    notes = Notes()
    for note in table.notes:
        notes.record(note)
    samples = _samples(
        data, table, group=group, labels=labels, cluster=cluster, missing=missing, corr=corr,
        cov=cov, n_obs=n_obs, means=means, notes=notes,
    )  # fmt: skip
    if wishart:
        samples = unbiased(samples)
    # Robust indices of FIML have a formula of their own, which holds for complete answers too.
    incomplete = missing == "fiml" and (
        errors == "robust.huber.white"
        or any(np.isnan(part.values).any() for part in samples.groups if part.values is not None)
    )
    with_means = table.meanstructure
    specification = specify(table)
    n_equal = len(nonlinear_equalities(table))
    refuse_too_many(degrees_of_freedom(specification, means=with_means, n_equal=n_equal), table)
    refuse_singular(samples, table)
    if discrepancy == "WLS":
        refuse_too_few(specification, samples, means=with_means)
    note_sample(samples, table.observed, len(specification.basis.T), notes)
    prepared = prepare(
        samples, discrepancy, means=with_means, incomplete=incomplete, wishart=wishart
    )
    found, held = estimate_within(specification, samples, prepared)
    df = degrees_of_freedom(specification, means=with_means, n_equal=found.n_equal)
    known = informed(specification, prepared, samples, errors=errors) if incomplete else None
    inference = infer(
        specification, found, prepared, samples, errors=errors, test=test, df=df,
        means=with_means, saturated=None if known is None else saturated_trace(known),
        # With clusters, lavaan's ML differs from its MLR in this alone.
        moments_only=cluster is not None and estimator == "ML",
    )  # fmt: skip
    baseline = fit_baseline(
        table, samples, prepared, known, errors=errors, test=test, means=with_means
    )
    complete = None if known is None else corrected(found, prepared, samples, df, known)
    tested = Tested(found.chisq, df, inference.scaled, complete)
    fit = fit_measures(
        specification, found, prepared, samples, tested, baseline,
        means=with_means, scaling=inference.likelihood_scaling,
    )  # fmt: skip
    if estimator == "ULS":
        notes.record(
            "Unweighted least squares: standard errors are lavaan's, from the unweighted "
            "information, and depend on the variables' units; the statistic has no χ² "
            "distribution."
        )
    for message in held.messages:
        notes.record(message)
    if held.problem:
        notes.warn(held.problem, ConvergenceWarning, stacklevel=4)
    problems = problems_of(specification, found, inference)
    for message in problems.messages(found.converged or bool(held.problem), found.n_iterations):
        notes.warn(message, ConvergenceWarning, stacklevel=4)
    return StructuralModel(
        n=samples.n,
        n_dropped=samples.n_dropped,
        model=model,
        converged=found.converged,
        admissible=not problems.inadmissible,
        fit=fit,
        estimates=estimates_frame(specification, found, inference, labels, conf_level),
        r_squared=r_squared_frame(specification, found, labels),
        fitted=Fitted(specification, found, prepared, samples, inference, with_means),
        settings={
            "function": kind,
            "estimator": estimator,
            "se": errors,
            "test": test,
            "group": group,
            "group_labels": [str(label) for label in labels] if group is not None else None,
            "group_equal": _listed(group_equal),
            "group_partial": _listed(group_partial),
            "cluster": cluster,
            "missing": missing,
            "std_lv": std_lv,
            "orthogonal": orthogonal,
            "meanstructure": with_means,
            "fixed_x": options["fixed_x"],
            "likelihood": likelihood,
            "n_obs": n_obs,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _samples(
    data: Any,
    table: ParameterTable,
    *,
    group: str | None,
    labels: Sequence[Any],
    cluster: str | None,
    missing: str,
    corr: Any,
    cov: Any,
    n_obs: int | None,
    means: Any,
    notes: Notes,
) -> Samples:
    if data is None:
        is_correlation = corr is not None
        return from_moments(
            corr if is_correlation else cov,
            table.observed,
            n_obs=n_obs,
            means=means,
            is_correlation=is_correlation,
        )
    return from_data(
        data,
        table.observed,
        interactions=table.interactions,
        exogenous=[row.lhs for row in table.parameters if row.exo and row.lhs == row.rhs],
        group=group,
        labels=labels,
        cluster=cluster,
        missing=missing,
        notes=notes,
    )
