"""Criteria for the number of factors beside psych and the formulas of their papers."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import CLOSED_FORM, ESTIMATE, FIT, Case, Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.exploratory import map_test, n_factors

CLOSED = ("map", "map_revised", "ekc", "kaiser", "acceleration", "optimal_coordinates")
MODELS = ("hull_caf", "hull_cfi", "hull_rmsea", "chisq", "aic", "bic")
SEARCH = (
    "a ratio of small differences of fit, which multiplies the distance at which R's search "
    "for the loadings stops"
)


def comparisons() -> Iterator[Comparison]:
    for case in load("retention").values():
        name, use, part = case.id.split("/")
        data = read_data(f"{name}.csv")[ITEMS[name]]
        missing = "listwise" if use == "complete" else "pairwise"
        if part == "map":
            yield from _partials(case, data, missing)
        elif part == "eigenvalues":
            yield from _eigenvalues(case, data, missing)
        else:
            yield from _models(case, data, missing)


def _partials(case: Case, data: object, missing: str) -> Iterator[Comparison]:
    result = map_test(data, missing=missing)
    yield from case.compare("psych", result.values.iloc[1:], rtol=CLOSED_FORM)
    yield from case.compare("squared", result.values, rtol=CLOSED_FORM)
    yield from case.compare("fourth", result.values_revised, rtol=CLOSED_FORM)
    yield from case.compare("n_factors", result.n_factors)
    yield from case.compare("n_revised", result.n_factors_revised)


def _eigenvalues(case: Case, data: object, missing: str) -> Iterator[Comparison]:
    result = n_factors(data, missing=missing, criteria=CLOSED)
    seen, said = result.eigenvalues, result.table["n_factors"]
    yield from case.compare("eigenvalues", seen["components"], rtol=CLOSED_FORM)
    yield from case.compare("ekc", seen["ekc_reference"], rtol=CLOSED_FORM)
    # Differences of eigenvalues near 1: relative to those, not to what is left of them.
    yield from case.compare("acceleration", seen["acceleration"], rtol=CLOSED_FORM, atol=1e-12)
    yield from case.compare("optimal", seen["optimal_coordinates"], rtol=CLOSED_FORM)
    for theirs, ours in (
        ("n_ekc", "ekc"),
        ("n_kaiser", "kaiser"),
        ("n_acceleration", "acceleration"),
        ("n_optimal", "optimal_coordinates"),
    ):
        yield from case.compare(theirs, said[ours])


def _models(case: Case, data: object, missing: str) -> Iterator[Comparison]:
    most = int(case.values["most"])
    yield from case.compare("most", most)
    result = n_factors(data, missing=missing, criteria=MODELS, max_factors=most, n_iter=20)
    curves = result.curves.iloc[: most + 1]
    yield from case.compare("df", curves["df"])
    yield from case.compare("chisq", curves["chisq"], rtol=FIT)
    yield from case.compare("pvalue", curves["pvalue"].iloc[1:], rtol=0, atol=ESTIMATE)
    for name in ("rmsea", "cfi", "caf"):
        yield from case.compare(name, curves[name], rtol=0, atol=ESTIMATE)
    for name in ("aic", "bic"):
        yield from case.compare(name, curves[name], rtol=FIT)
    yield from case.compare("rmsea_psych", curves["rmsea"].iloc[1:], rtol=0, atol=ESTIMATE)
    yield from case.compare("bic_psych", curves["bic"].iloc[1:], rtol=FIT)
    for name in ("hull_caf", "hull_cfi", "hull_rmsea"):
        yield from case.compare(name, curves[name], rtol=1e-2, reason=SEARCH)
