"""Models under nonlinear equalities, inequalities and bounds beside lavaan."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from tests.parity.topic_structural_models import keyed, with_holes
from trustmeasure.confirmatory import sem
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import ConvergenceWarning

REST = "textual =~ x4 + {}x5 + x6\nspeed =~ x7 + x8 + x9\n"
THREE = "visual =~ x1 + a*x2 + b*x3\n" + REST.format("c*")
MODELS = {
    "groups": "visual =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3\n" + REST.format(""),
    "indirect": "x9 ~ a*x7 + start(0.2)*x7 + b*x1 + x2\n"
    "x8 ~ d*x9 + start(0.3)*x9 + x1\nindirect := a*d\n",
}
LIMITS = {
    "product": "a == b*c",
    "curved": "a == b^2 + 0.1*exp(c)",
    "mixed": "a == b*c\nb == c",
    "floor": "a > 0.7",
    "slack": "a > 0.3",
    "order": "b < a",
    "several": "a == b*c\nc < 1",
    "bound": "x1 ~~ lower(0.7)*x1",
    "bounded": "x1 ~~ upper(0.3)*x1\na == b*c",
    "groups": "a1 == a2*b2\nb1 > 0.9",
    "indirect": "a*d == 0.05",
}


def comparisons() -> Iterator[Comparison]:
    for case in load("constrained_models").values():
        fitted = fit(case.id)
        rows = keyed(fitted)
        for name in ("est", "se", "std"):
            # lavaan's augmented Lagrangian stops some 1e-5 from the minimum.
            yield from case.compare(name, rows[name], rtol=1e-4, atol=ESTIMATE)
        yield from case.compare("fit", fitted.fit, rtol=1e-4, atol=1e-5)


def fit(name: str) -> StructuralModel:
    """Fit what a case's id says."""
    source, limit, *words = name.split("/")
    data = read_data("hs1939.csv")
    if source == "holes":
        data = with_holes(data)
    options: dict[str, Any] = {"group": "school"} if limit == "groups" else {}
    for word in words:
        options |= {"missing": "fiml"} if word == "fiml" else {"estimator": word}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        return sem(MODELS.get(limit, THREE) + LIMITS[limit], data, **options)
