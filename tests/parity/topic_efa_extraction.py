"""Unrotated factors and their fit beside psych::fa, and maximum likelihood beside factanal."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import CLOSED_FORM, ESTIMATE, FIT, Case, Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.exploratory import ExploratoryFactors, efa

FACTANAL = "factanal's own optimiser; its χ² has the same definition"


def comparisons() -> Iterator[Comparison]:
    for case in load("efa_extraction").values():
        name, use, n_factors, method = case.id.split("/")
        result = efa(
            read_data(f"{name}.csv"),
            items=ITEMS[name],
            n_factors=int(n_factors),
            method="ml" if method == "factanal" else method,
            rotation="none",
            missing="listwise" if use == "complete" else "pairwise",
        )
        if method == "factanal":
            yield from _factanal(case, result)
        else:
            # Principal axes ran to their limit in R too. psych's minres and ml stop at the
            # default precision of optim, and agree as far as that goes.
            tight = 1e-8 if method == "pa" else None
            yield from _psych(case, result, tight)


def _psych(case: Case, result: ExploratoryFactors, tight: float | None) -> Iterator[Comparison]:
    near = {"rtol": 0.0, "atol": tight or ESTIMATE}
    variance = {f"F{k + 1}": f"F{k + 1}" for k in range(result.loadings.shape[1])}
    yield from case.compare("loadings", result.loadings, **near)
    yield from case.compare("communalities", result.communalities, **near)
    yield from case.compare("uniquenesses", result.uniquenesses, **near)
    # Complexity is a ratio of fourth powers, which multiplies differences in the loadings.
    yield from case.compare("complexity", result.complexity, rtol=tight or FIT)
    yield from case.compare(
        "variance", result.variance.rename(index=VARIANCE_ROWS), columns=variance, **near
    )
    yield from case.compare("eigenvalues", result.eigenvalues, rtol=CLOSED_FORM)
    yield from case.compare("common_eigenvalues", result.common_eigenvalues, **near)
    yield from case.compare("residuals", result.residuals, **near)
    for name in ("df", "null_df", "null_chisq"):
        yield from case.compare(name, getattr(result, name), rtol=CLOSED_FORM)
    for name in ("chisq", "chisq_empirical"):
        yield from case.compare(name, getattr(result, name), rtol=tight or FIT)
    yield from case.compare(
        "bic",
        result.bic,
        rtol=0,
        atol=(tight or FIT) * result.chisq,
        reason="χ² minus df ln n: what χ² may differ by is the measure, also where BIC is near 0",
    )
    yield from case.compare("pvalue", result.pvalue, rtol=1e-6, atol=tight or ESTIMATE)
    for name in ("rmsr", "rmsea", "tli", "cfi"):
        yield from case.compare(name, getattr(result, name), **near)
    # psych finds the limits with uniroot at its default precision.
    yield from case.compare("rmsea_low", result.rmsea_ci[0], rtol=0, atol=ESTIMATE)
    yield from case.compare("rmsea_high", result.rmsea_ci[1], rtol=0, atol=ESTIMATE)


def _factanal(case: Case, result: ExploratoryFactors) -> Iterator[Comparison]:
    yield from case.compare("uniquenesses", result.uniquenesses, rtol=0, atol=1e-6)
    yield from case.compare("chisq", result.chisq, rtol=1e-7, reason=FACTANAL)
    yield from case.compare("df", result.df)


VARIANCE_ROWS = {
    "ss_loadings": "SS loadings",
    "proportion": "Proportion Var",
    "cumulative": "Cumulative Var",
    "proportion_explained": "Proportion Explained",
    "cumulative_explained": "Cumulative Proportion",
}
