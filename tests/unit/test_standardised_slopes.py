"""The derivatives of standardised values, beside differences of the values themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory.reporting import delta_errors
from trustmeasure.confirmatory.standardised import standardised

DATA = Path(__file__).parent.parent / "data"

CAUSES = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + y3 + y4
dem65 =~ y5 + a*y6 + y7 + y8
dem60 ~ b*ind60
dem65 ~ ind60 + c*dem60
y1 ~~ y5
y2 ~~ y4
through := b*c
"""
HIGHER = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
ability =~ visual + textual + speed
"""
ON_COVARIATES = """
textual =~ x4 + x5 + x6
textual ~ ageyr + x9
x9 ~ x7
x4 ~~ 0*x5
"""


@pytest.mark.parametrize(
    ("model", "file", "options"),
    [
        (CAUSES, "political_democracy", {"meanstructure": True}),
        (HIGHER, "hs1939", {}),
        (HIGHER, "hs1939", {"std_lv": True}),
        (ON_COVARIATES, "hs1939", {"meanstructure": True}),
        ("textual =~ x4 + x5 + x6", "hs1939", {"group": "school", "group_equal": ["loadings"]}),
    ],
)
def test_errors_are_those_of_differences(model: str, file: str, options: dict[str, Any]) -> None:
    fit = tm.sem(model, pd.read_csv(DATA / f"{file}.csv"), **options)
    found, specification = fit.fitted.estimates, fit.fitted.specification
    errors = delta_errors(
        lambda points: standardised(specification, found.model, points),
        found.parameters,
        fit.fitted.inference.covariance,
    )
    expected = np.where(errors < 1e-9, 0.0, errors)
    own = fit.estimates["se_std"].to_numpy()[: len(expected)]
    assert (own > 0).sum() > 8
    np.testing.assert_allclose(own, expected, rtol=1e-6, atol=1e-9)


def test_a_negative_residual_variance_leaves_errors_finite() -> None:
    items = ["y1", "y2", "y3"]
    corr = pd.DataFrame([[1, 0.8, 0.7], [0.8, 1, 0.3], [0.7, 0.3, 1]], items, items)
    with pytest.warns(tm.ConvergenceWarning, match="Heywood"):
        fit = tm.cfa("f =~ y1 + y2 + y3", corr=corr, n_obs=200)
    estimates = fit.estimates.set_index(["lhs", "op", "rhs"])
    assert estimates.loc[("y1", "~~", "y1"), "est"] < 0
    assert np.isfinite(estimates.loc[("f", "=~", "y1"), "se_std"])
