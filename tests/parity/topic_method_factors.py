"""Latent method factors, unmeasured and marked, against lavaan's fits of the same models."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd

from tests.parity.comparison import ESTIMATE, FIT, Case, Comparison, load, read_data
from trustmeasure.errors import ConvergenceWarning
from trustmeasure.validity import marker_factor, method_factor

HS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
BFI = {name: [f"{name[0].upper()}{i}" for i in range(1, 6)] for name in ("agree", "open", "neuro")}
METHODS: dict[str, tuple[list[str] | None, dict[str, Any]]] = {
    "hs/free/ML": (None, {}),
    "hs/equal/ML": (None, {"loadings": "equal"}),
    "hs/free/MLR": (None, {"estimator": "MLR"}),
    "bfi/free/ML": (None, {}),
    "bfi/equal/MLR fiml": (None, {"loadings": "equal", "estimator": "MLR", "missing": "fiml"}),
    "bfi/some/ML": (None, {"items": ["A1", "O2", "O5", "N1", "N2", "N3"]}),
    "one/equal/ML": (["neuro"], {"loadings": "equal"}),
    "bfi/free/WLSMV": (None, {"ordered": True}),
}
MARKERS: dict[str, tuple[dict[str, list[str]], list[str], dict[str, Any]]] = {
    "marker/bfi/free/ML": ({k: BFI[k] for k in ("agree", "neuro")}, [], {"form": "free"}),
    "marker/bfi/equal/MLR": (
        {k: BFI[k] for k in ("open", "neuro")}, [], {"form": "equal", "estimator": "MLR"},
    ),
    "marker/hs/equal/ML": (
        {k: HS[k] for k in ("visual", "textual")}, HS["speed"], {"form": "equal"},
    ),
}  # fmt: skip
# χ² is compared relatively, as lavaan's own search ends within some 1e-6 of the minimum.
RELATIVE = 1e-4
INDICES = ["cfi", "tli", "rmsea", "srmr", "pvalue"]


def _text(traits: dict[str, list[str]]) -> str:
    return "\n".join(f"{name} =~ " + " + ".join(items) for name, items in traits.items())


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis([" ".join(map(str, key)) for key in frame.index])


def _fit(case: Case, ours: Any) -> Iterator[Comparison]:
    sizes = {name: name for name in ("npar", "chisq", "df", "aic", "bic")}
    yield from case.compare("models", ours.models, rtol=RELATIVE, columns=sizes)
    indices = {name: name for name in INDICES}
    yield from case.compare("models", ours.models, rtol=0, atol=ESTIMATE, columns=indices)
    if "differences" in case.values:
        reason = "the scaling factor of one degree of freedom is a difference of near numbers"
        yield from case.compare(
            "differences", _flat(ours.differences), rtol=FIT, atol=1e-4, reason=reason
        )


def comparisons() -> Iterator[Comparison]:
    cases = load("method_factors")
    hs, bfi = read_data("hs1939.csv"), read_data("bfi.csv")
    near: dict[str, Any] = {"rtol": 0, "atol": ESTIMATE}
    for name, (factors, options) in METHODS.items():
        traits = HS if name.startswith("hs") else BFI
        traits = {key: traits[key] for key in factors or traits}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            data = hs if name.startswith("hs") else bfi
            found = method_factor(_text(traits), data, **options)
        case = cases[name]
        yield from _fit(case, found)
        for part in ("items", "reliability"):
            yield from case.compare(part, getattr(found, part), **near)
        yield from case.compare("loadings", _flat(found.loadings), **near)
        means = {
            "trait": found.trait_share,
            "method": found.method_share,
            "error": found.error_share,
        }
        yield from case.compare("shares", means, **near)
        if "relations" in case.values:
            # The correlation of −4.9 ± 14 of hs/equal is known no better than relatively.
            loose = FIT if name == "hs/equal/ML" else 0
            yield from case.compare("relations", found.relations, rtol=loose, atol=ESTIMATE)
        if "limits" in case.values:
            limits = {"ci_low": found.ci_low, "ci_high": found.ci_high}
            yield from case.compare("limits", limits, **near)
    for name, (traits, marker, options) in MARKERS.items():
        data = hs if "/hs/" in name else bfi
        marker = marker or [f"E{i}" for i in range(1, 5)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            marked = marker_factor(_text(traits), data, marker=marker, **options)
        case = cases[name]
        yield from _fit(case, marked)
        for part in ("items", "correlations", "reliability"):
            yield from case.compare(part, getattr(marked, part), **near)
        yield from case.compare("share", marked.method_share, **near)
