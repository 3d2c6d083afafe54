"""Models beside each other, and what factors share with their items, beside lavaan and semTools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import ESTIMATE, Case, Comparison, load, read_data
from tests.parity.topic_structural_models import THREE
from trustmeasure.confirmatory import cfa, compare_models
from trustmeasure.confirmatory.replication import Refit
from trustmeasure.validity import (
    average_variance_extracted,
    composite_reliability,
    discriminant_validity,
)

# lavaan's search stops some 1e-5 from the minimum.
LOOSE: dict[str, float] = {"rtol": 1e-4, "atol": ESTIMATE}
MODELS = {
    "correlated": f"{THREE}\nx7 ~~ x8\nx1 ~~ x4",
    "crossed": f"{THREE}\nvisual =~ x9",
    "resid": f"{THREE}\nx7 ~~ x8",
    "one": "g =~ " + " + ".join(f"x{j}" for j in range(1, 10)),
    "ordered": "agree =~ A1 + A2 + A3 + A4 + A5\nextra =~ E1 + E2 + E3 + E4 + E5",
}


def comparisons() -> Iterator[Comparison]:
    topics = {
        "groups": _groups,
        "reliability": _reliability,
        "correlations": _correlations,
        "nesting": _nesting,
        "refits": _refits,
    }
    for case in load("model_comparison").values():
        yield from topics[case.id.split("/")[0]](case)


def _groups(case: Case) -> Iterator[Comparison]:
    _, estimator, method = case.id.split("/")
    data = read_data("hs1939.csv")
    options: dict[str, Any] = {"group": "school", "estimator": estimator}
    models = {
        "configural": cfa(THREE, data, **options),
        "metric": cfa(THREE, data, group_equal="loadings", **options),
        "scalar": cfa(THREE, data, group_equal=("loadings", "intercepts"), **options),
    }
    chosen = "satorra.bentler.2001" if method == "default" else method
    table = compare_models(models, method=chosen).table
    values = dict(case.values)
    if case.id == "groups/MLR/satorra.bentler.2010":
        # lavaan carries estimates over by name. The scalar model's latent means, which the metric
        # model has in its intercepts, get lost on the way.
        for name in ("chisq_diff", "pvalue"):
            values[name] = {"metric": values[name]["metric"]}
    shown = Case(case.id, case.statistic, case.call, values)
    for name in ("aic", "bic", "chisq", "chisq_diff", "pvalue"):
        yield from shown.compare(name, table[name], rtol=1e-4, atol=1e-6)


def _reliability(case: Case) -> Iterator[Comparison]:
    words = case.id.split("/")[1:]
    data = read_data("bfi.csv" if "ordered" in words else "hs1939.csv")
    options: dict[str, Any] = {"ordered": True} if "ordered" in words else {}
    if "ordered" in words:
        data = data[[f"{scale}{j}" for scale in "AE" for j in range(1, 6)]].dropna()
    if "std_lv" in words:
        options = {"std_lv": True, "estimator": "MLR"}
    fitted = cfa(MODELS.get(words[0], THREE), data, **options)
    yield from case.compare("omega", composite_reliability(fitted), **LOOSE)
    yield from case.compare("omega_implied", composite_reliability(fitted, observed=False), **LOOSE)
    yield from case.compare("ave", average_variance_extracted(fitted), **LOOSE)
    yield from case.compare(
        "ave_implied", average_variance_extracted(fitted, observed=False), **LOOSE
    )


def _correlations(case: Case) -> Iterator[Comparison]:
    _, estimator, cutoff = case.id.split("/")
    fitted = cfa(THREE, read_data("hs1939.csv"), estimator=estimator)
    table = discriminant_validity(fitted, cutoff=float(cutoff)).table
    named = table.set_axis(["|".join(pair) for pair in table.index])
    values = dict(case.values)
    if case.id == "correlations/MLR/0.9":
        # A negative scaling factor, where lavaan gives no test; ours is Wald's there.
        for name in ("chisq_diff", "pvalue"):
            values[name] = {k: v for k, v in values[name].items() if k != "textual|speed"}
    shown = Case(case.id, case.statistic, case.call, values)
    for name in ("correlation", "ci_low", "ci_high", "chisq_diff", "pvalue"):
        yield from shown.compare(name, named[name], rtol=1e-3, atol=ESTIMATE)


def _nesting(case: Case) -> Iterator[Comparison]:
    data = read_data("hs1939.csv")
    models = {
        "one": cfa(MODELS["one"], data),
        "three": cfa(THREE, data),
        "crossed": cfa(MODELS["crossed"], data),
        "resid": cfa(MODELS["resid"], data),
    }
    yield from case.compare("nested", compare_models(models).nested.astype(float))


def _refits(case: Case) -> Iterator[Comparison]:
    data = read_data("hs1939.csv")
    fitted = cfa(THREE, data)
    values = data[[f"x{j}" for j in range(1, 10)]].to_numpy(dtype=np.float64)
    row = np.arange(1, len(values) + 1)
    drawn = [values[(row * (2 * r + 1) + row // 3 * r) % len(values)] for r in range(1, 7)]
    moments = (
        np.stack([part.mean(axis=0) for part in drawn]),
        np.stack([np.cov(part.T, bias=True) for part in drawn]),
    )
    found = Refit.of(fitted.fitted).fit([moments])
    names = [f"{row.lhs}{row.op}{row.rhs}" for row in fitted.fitted.specification.table.free]
    frame = pd.DataFrame(found.parameters.T, index=names, columns=[str(r) for r in range(1, 7)])
    yield from case.compare("coefficients", frame, rtol=1e-3, atol=ESTIMATE)
