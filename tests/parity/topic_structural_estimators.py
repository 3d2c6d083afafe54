"""Less common estimators of structural models beside lavaan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from tests.parity.topic_structural_models import MODELS, keyed, with_holes
from trustmeasure.confirmatory import sem
from trustmeasure.confirmatory.results import StructuralModel


def comparisons() -> Iterator[Comparison]:
    for case in load("structural_estimators").values():
        fitted = fit(case.id)
        rows = keyed(fitted)
        for name in ("est", "se", "std"):
            # lavaan's search stops some 1e-5 from the minimum.
            yield from case.compare(name, rows[name], rtol=1e-4, atol=ESTIMATE)
        yield from case.compare("fit", fitted.fit, rtol=1e-4, atol=1e-5)


def fit(name: str) -> StructuralModel:
    """Fit what a case's id says."""
    source, model, estimator, *words = name.split("/")
    data = read_data("hs1939.csv")
    if source == "holes":
        data = with_holes(data)
    options: dict[str, Any] = {"estimator": estimator}
    for word in words:
        options |= {
            "fiml": {"missing": "fiml"},
            "group": {"group": "school"},
            "means": {"meanstructure": True},
            "equal": {"group": "school", "group_equal": "loadings"},
            "wishart": {"likelihood": "wishart"},
            "random": {"fixed_x": False},
        }[word]
    return sem(MODELS[model], data, **options)
