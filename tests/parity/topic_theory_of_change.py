"""The theory of change, its rivals and its corrected form against lavaan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load
from trustmeasure.confirmatory import sem
from trustmeasure.theory import theory_of_change

SEARCH = "lavaan's search ends some 1e-5 from the minimum; products of four paths add up"
ZERO = "lavaan gives 0 for standardised errors below 1.2e-4, whose squares it takes for noise"


def _noise(j: int, n: int) -> np.ndarray:
    value = np.sin(np.arange(1, n + 1) * 12.9898 + j * 78.233) * 4375.8545
    return (value - np.floor(value)) * 3


def _people(n: int) -> pd.DataFrame:
    """Make the same people as the R file."""
    e = [_noise(j, n) for j in range(1, 13)]
    rel = e[0]
    tec = 0.4 * rel + e[1]
    cog, aff = 0.15 * rel + 0.5 * tec + e[2], 0.5 * rel + 0.15 * tec + e[3]
    mot, cap = 0.3 * cog + 0.3 * aff + e[4], 0.4 * cog + 0.1 * aff + e[5]
    opp = 0.2 * cog + 0.2 * aff + e[6]
    com = 0.4 * mot + 0.2 * cap + 0.1 * opp + e[7]
    res = 0.2 * mot + 0.3 * cap + 0.2 * opp + e[8]
    return pd.DataFrame(
        {
            "relational_often": rel, "technical_often": tec, "cognitive_trust": cog,
            "affective_trust": aff, "motivation": mot, "capability": cap, "opportunity": opp,
            "commitment": com, "resilience": res, "acceptability": 0.4 * com + 0.2 * res + e[9],
            "appropriateness": 0.3 * com + 0.3 * res + e[10],
            "feasibility": 0.2 * com + 0.4 * res + e[11], "team": np.arange(n) % 24 + 1,
        }
    )  # fmt: skip


def comparisons() -> Iterator[Comparison]:
    people = _people(240)
    holes = people.copy()
    holes.loc[6::13, "motivation"] = np.nan
    holes.loc[4::17, "relational_often"] = np.nan
    theory = theory_of_change("composite", ["general", "direct"])
    corrected = theory.corrected(dict.fromkeys(theory.variant.parts, 0.1))
    runs = {
        "theory": (theory, people, None),
        "general": (theory.rivals["general"], people, None),
        "direct": (theory.rivals["direct"], people, None),
        "corrected": (corrected, people, None),
        "incomplete": (theory, holes, None),
        "clustered": (theory, people, "team"),
    }
    for name, (model, data, cluster) in runs.items():
        case = load("theory_of_change")[name]
        fitted = sem(model.syntax, data, estimator="MLR", missing="fiml", cluster=cluster)
        rows = fitted.estimates
        table = rows[rows["label"] != ""].set_index("label").rename(columns={"se_std": "std_se"})
        plain = {name: name for name in ("est", "se", "std")}
        yield from case.compare("table", table, rtol=1e-4, atol=1e-5, reason=SEARCH, columns=plain)
        yield from case.compare(
            "table", table, rtol=1e-4, atol=1.3e-4, reason=ZERO, columns={"std_se": "std_se"}
        )
        yield from case.compare(
            "fit",
            fitted.fit.rename(lambda index: index.replace("_scaled", ".scaled")),
            rtol=1e-4,
            atol=1e-6,
        )
