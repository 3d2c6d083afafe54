"""Models of ordered items through the public functions: the numbers, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustmeasure as tm

DATA = Path(__file__).parent.parent / "data"
ITEMS = ["A1", "A2", "A3", "A4", "A5"]
ONE = "A =~ A2 + A3 + A4 + A5 + A1"


def bfi() -> pd.DataFrame:
    return pd.read_csv(DATA / "bfi.csv").dropna(subset=[*ITEMS, "gender"])


def test_the_five_factors_are_lavaans() -> None:
    data = pd.read_csv(DATA / "bfi.csv")
    items = list(data.columns[:25])
    model = "\n".join(f"{x} =~ " + " + ".join(f"{x}{i}" for i in range(1, 6)) for x in "ACENO")
    fitted = tm.cfa(model, data[items], ordered=True)
    # lavaan 0.6-14: cfa(model, na.omit(bfi[, 1:25]), ordered = TRUE)
    expected = {
        "chisq": 6055.940485,
        "df": 265,
        "chisq_scaled": 6049.274970,
        "cfi_scaled": 0.824457,
        "rmsea_scaled": 0.094679,
        "srmr": 0.082742,
        "cfi_robust": 0.751450,
    }
    for name, value in expected.items():
        assert fitted.fit[name] == pytest.approx(value, rel=1e-5)
    assert fitted.settings["estimator"] == "WLSMV"
    assert (fitted.n, fitted.n_dropped) == (2436, 364)
    thresholds = fitted.estimates[fitted.estimates["op"] == "|"]
    assert len(thresholds) == 125


def test_codes_of_categories_do_not_matter() -> None:
    data = bfi()
    plain = tm.cfa(ONE, data, ordered=ITEMS)
    moved = tm.cfa(ONE, data.assign(A1=data["A1"] * 10 - 7), ordered=ITEMS)
    assert moved.fit["chisq_scaled"] == pytest.approx(plain.fit["chisq_scaled"])
    pd.testing.assert_frame_equal(moved.estimates, plain.estimates)


def test_a_few_ordered_items_among_continuous_ones() -> None:
    data = pd.read_csv(DATA / "hs1939.csv")
    data["x2"] = pd.cut(data["x2"], [-10, 5, 6.5, 8, 20], labels=False)
    fitted = tm.cfa("visual =~ x1 + x2 + x3 + x4", data, ordered=["x2"])
    rows = fitted.estimates
    assert set(rows.loc[rows["op"] == "|", "lhs"]) == {"x2"}
    assert set(rows.loc[rows["op"] == "~1", "lhs"]) >= {"x1", "x3", "x4"}
    assert fitted.implied()[None]["cov"].loc["x2", "x2"] == pytest.approx(1.0)


def test_groups_keep_their_labels() -> None:
    data = bfi().assign(gender=lambda frame: frame["gender"].map({1: "m", 2: "f"}))
    fitted = tm.cfa(
        ONE, data, ordered=ITEMS, group="gender", group_equal=("thresholds", "loadings"),
        parameterization="theta",
    )  # fmt: skip
    assert set(fitted.implied()) == {"m", "f"}
    assert set(fitted.estimates["group"].dropna()) == {"m", "f"}
    assert fitted.r_squared.columns.tolist() == data["gender"].unique().tolist()


def test_a_mediation_of_ordered_answers_defines_its_effect() -> None:
    model = "A =~ A1 + A2 + A3\nN1 ~ b*A\nA ~ a*C1\nab := a*b"
    data = pd.read_csv(DATA / "bfi.csv").dropna()
    fitted = tm.sem(model, data, ordered=["A1", "A2", "A3", "N1"])
    rows = fitted.estimates.set_index(["lhs", "op"])["est"]
    parts = fitted.estimates.set_index("label")["est"]
    assert rows[("ab", ":=")] == pytest.approx(parts["a"] * parts["b"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ordered": ["A9"]}, "ordered= names 'A9'.*Its variables"),
        ({"ordered": "A1"}, "must be True or a list"),
        ({"ordered": True, "estimator": "MLR"}, "estimator='MLR' is not offered"),
        ({"ordered": True, "missing": "fiml"}, "missing='listwise'"),
        ({"ordered": True, "cluster": "gender"}, "'cluster=' cannot be combined"),
        ({"ordered": True, "parameterization": "beta"}, "parameterization='beta'"),
        ({"parameterization": "theta"}, "is for ordered items"),
        ({"estimator": "WLSMV"}, "estimator='WLSMV' is for ordered items"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(tm.OptionError, match=words):
        tm.cfa(ONE, bfi(), **options)


def test_thresholds_without_ordered_are_refused() -> None:
    with pytest.raises(tm.OptionError, match="pass ordered=True"):
        tm.cfa(f"{ONE}\nA1 | t1", bfi())


def test_an_empty_category_of_a_group_is_named() -> None:
    data = bfi()
    data.loc[(data["gender"] == 1) & (data["A2"] == 1), "A2"] = 2
    with pytest.raises(tm.DataError, match=r"empty in group '.*': 'A2 \(number 1\)'"):
        tm.cfa(ONE, data, ordered=ITEMS, group="gender")
