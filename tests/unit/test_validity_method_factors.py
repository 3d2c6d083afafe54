"""Factors of method beside factors of substance: unmeasured, and marked."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.errors import ConvergenceWarning, OptionError
from trustmeasure.validity import marker_factor, method_factor

MODEL = "trust =~ t1 + t2 + t3 + t4\nsafety =~ s1 + s2 + s3 + s4\nvoice =~ v1 + v2 + v3 + v4"
NAMES = [f"{letter}{i}" for letter in "tsv" for i in range(1, 5)]
MARKER = ["m1", "m2", "m3"]
# Unequal, as equal ones could not be told from a method that moves all items alike.
LOADINGS = np.tile([1.5, 1.1, 0.7, 0.4], 3)
SHARE = float((0.49 / (LOADINGS**2 + 0.49 + 1)).mean())
DATA = Path(__file__).parent.parent / "data"


def answers(strength: float, n: int = 1500, seed: int = 3) -> pd.DataFrame:
    """Three correlated traits of unit variance, four items each, method, and a marker of it."""
    rng = np.random.default_rng(seed)
    spread = np.full((3, 3), 0.4) + 0.6 * np.eye(3)
    traits = np.repeat(rng.multivariate_normal(np.zeros(3), spread, size=n), 4, axis=1)
    traits = traits * LOADINGS
    method = rng.normal(size=(n, 1))
    items = traits + strength * method + rng.normal(size=(n, 12))
    marker = method + rng.normal(size=(n, 3))
    return pd.DataFrame(np.hstack([items, marker]), columns=[*NAMES, *MARKER])


@pytest.fixture(scope="module")
def equal() -> Any:
    return method_factor(MODEL, answers(0.7), loadings="equal")


def test_what_the_method_put_in_is_found(equal: Any) -> None:
    assert equal.method_share == pytest.approx(SHARE, abs=0.04)
    assert equal.ci_low < SHARE < equal.ci_high
    assert equal.trait_share == pytest.approx((LOADINGS**2 / (LOADINGS**2 + 1.49)).mean(), abs=0.05)
    total = equal.trait_share + equal.method_share + equal.error_share
    assert total == pytest.approx(1)
    assert (equal.relations["without"] > 0.55).all()
    assert ((equal.relations["with"] - 0.4).abs() < 0.1).all()
    assert equal.differences.loc[("traits", "equal"), "pvalue"] < 1e-6
    np.testing.assert_allclose(equal.items[["trait", "method", "error"]].sum(axis=1), 1)
    raw = equal.fits["equal"].estimates.query("lhs == 'method' and op == '=~'")["est"]
    np.testing.assert_allclose(raw, raw.iloc[0])


def test_shares_of_the_factors_items_follow_from_the_loadings(equal: Any) -> None:
    own = equal.loadings["with"]["trust"].sum() ** 2
    method = equal.items.loc[["t1", "t2", "t3", "t4"], "loading"].sum() ** 2
    error = equal.items.loc[["t1", "t2", "t3", "t4"], "error"].sum()
    found = equal.reliability.loc["trust"]
    assert found["trait"] == pytest.approx(own / (own + method + error))
    assert found["method"] == pytest.approx(method / (own + method + error))


def test_without_method_variance_little_is_taken_out() -> None:
    found = method_factor(MODEL, answers(0.0), loadings="equal")
    assert found.method_share < 0.05
    assert found.differences.loc[("traits", "equal"), "pvalue"] > 0.01
    assert found.relations["change"].abs().max() < 0.1


def test_no_share_of_variance_depends_on_units() -> None:
    data = answers(0.5, n=400)
    scaled = data * np.array([100.0 if name[0] == "s" else 0.01 for name in data])
    first, second = (method_factor(MODEL, one).items for one in (data, scaled))
    estimates = ["trait", "method", "error", "loading"]
    np.testing.assert_allclose(first[estimates], second[estimates], atol=1e-5)
    # Errors of standardised values come from differences, whose steps depend on the units.
    np.testing.assert_allclose(first, second, atol=5e-4)


def test_results_leave_as_json(equal: Any) -> None:
    plain = json.loads(json.dumps(equal.to_dict()))
    assert "fits" not in plain
    assert plain["settings"]["loadings"] == "equal"
    assert plain["warnings"][0].startswith("The method factor takes whatever")
    assert "t1" in repr(equal)


def test_one_factor_allows_equal_loadings_or_some_items() -> None:
    data, model = answers(0.5, n=500), "trust =~ t1 + t2 + t3 + t4 + s1 + s2"
    with pytest.raises(OptionError, match="no data can tell"):
        method_factor(model, data)
    assert list(method_factor(model, data, loadings="equal").fits) == ["method", "traits", "equal"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        some = method_factor(model, data, items=["t1", "t2", "t3"])
    assert some.items["loading"].isna().sum() == 3
    assert (some.items.loc[["t4", "s1", "s2"], "method"] == 0).all()


def test_a_trait_that_the_method_takes_is_named() -> None:
    hs = pd.read_csv(DATA / "hs1939.csv")
    model = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
    with pytest.warns(ConvergenceWarning, match="Not positive definite"):
        found = method_factor(model, hs, loadings="equal")
    lost = [f for f in found.reliability.index if any(f"'{f}' owes" in w for w in found.warnings)]
    assert lost == ["visual", "speed"]
    assert list(found.reliability.query("trait < without / 2").index) == lost


def test_regressions_move_as_well() -> None:
    model = MODEL + "\nvoice ~ trust + safety"
    found = method_factor(model, answers(0.7, n=800), loadings="equal")
    assert list(found.relations.index) == ["voice ~ trust", "voice ~ safety", "trust ~~ safety"]
    assert "method" not in found.fits


def test_ordered_items_have_shares_with_limits() -> None:
    data = answers(0.7, n=600)[NAMES]
    cut = data.apply(lambda x: pd.cut(x, [-np.inf, -1, 0, 1, np.inf], labels=False)).astype(float)
    found = method_factor(MODEL, cut, loadings="equal", ordered=True)
    assert 0 < found.ci_low < found.method_share < found.ci_high < 1
    np.testing.assert_allclose(found.items[["trait", "method", "error"]].sum(axis=1), 1)
    assert found.settings["estimator"] == "WLSMV"


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (MODEL, {"loadings": "any"}, "loadings"),
        (MODEL, {"name": "trust"}, "already"),
        (MODEL, {"name": "my method"}, "cannot be a factor's name"),
        (MODEL, {"items": ["t1", "t2", "who"]}, "'who'"),
        (MODEL, {"items": ["t1", "t2"]}, "at least 3"),
        ("t1 ~ t2", {}, "no latent variables"),
        ("group: 1\ntrust =~ t1 + t2 + t3\ngroup: 2\ntrust =~ t1 + t2 + t3", {}, "blocks"),
    ],
)
def test_what_cannot_be_is_refused(model: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        method_factor(model, answers(0.5, n=100), **options)


def test_a_marker_finds_and_takes_out_its_method() -> None:
    found = marker_factor(MODEL, answers(0.7), marker=MARKER)
    assert found.form == "Method-C"
    assert found.method_share == pytest.approx(SHARE, abs=0.04)
    assert (found.correlations["CFA"] > 0.55).all()
    assert ((found.correlations["method"] - 0.4).abs() < 0.1).all()
    assert found.differences.loc[("Baseline", "Method-C"), "pvalue"] < 1e-6
    assert found.differences.loc[("Method-R", "Method-C"), "pvalue"] < 1e-3
    assert (found.correlations["Method-S(.01)"] < found.correlations["method"]).all()
    assert found.reliability.loc["marker", "method"] == 0
    assert found.reliability.loc["trust", "total"] == pytest.approx(
        found.reliability.loc["trust", ["trait", "method"]].sum(), abs=0.02
    )
    json.dumps(found.to_dict())


def test_a_marker_of_nothing_says_so() -> None:
    data = answers(0.0)
    found = marker_factor(MODEL, data, marker=MARKER)
    assert found.method_share < 0.02
    assert any("finds no method variance" in message for message in found.warnings)


def test_the_form_kept_follows_the_test_or_the_user() -> None:
    data = answers(0.7)
    data[["t1", "s2", "v3"]] += 0.8 * data[["m1"]].to_numpy()
    assert marker_factor(MODEL, data, marker=MARKER).form == "Method-U"
    forced = marker_factor(MODEL, data, marker=MARKER, form="equal", levels=[0.9])
    assert forced.form == "Method-C"
    assert "Method-S(.1)" in forced.models.index


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (MODEL, {"marker": ["m1"]}, "at least 2"),
        (MODEL, {"marker": ["m1", "t1"]}, "holds already"),
        (MODEL + "\nvoice ~ trust", {"marker": MARKER}, "'=~' only"),
        (MODEL, {"marker": MARKER, "form": "both"}, "form"),
        (MODEL, {"marker": MARKER, "name": "t1"}, "already"),
    ],
)
def test_markers_that_cannot_be_are_refused(
    model: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        marker_factor(model, answers(0.5, n=100), **options)


def test_both_are_public() -> None:
    assert tm.method_factor is method_factor
    assert tm.marker_factor is marker_factor
