"""Models that ask more of a sample than it holds say so, and say what to do."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.errors import DataWarning, OptionError

DATA = Path(__file__).parents[1] / "data"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def pupils() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")


def test_fewer_persons_than_parameters_are_warned_of(pupils: pd.DataFrame) -> None:
    with pytest.warns(DataWarning, match=r"6 persons for 6 free parameters.*Bentler & Chou"):
        tm.cfa("textual =~ x4 + x5 + x6", pupils.tail(6))


def test_few_persons_for_each_parameter_are_noted(pupils: pd.DataFrame) -> None:
    few = tm.cfa(THREE, pupils.tail(104))
    assert any("104 persons for 21 free parameters" in note for note in few.warnings)
    assert not tm.cfa(THREE, pupils.tail(105)).warnings
    # A parameter that others equal counts once.
    equal = "f =~ x1 + a*x2 + a*x3 + a*x4"
    assert not tm.cfa(equal, pupils.tail(30)).warnings
    assert tm.cfa(equal, pupils.tail(29)).warnings


def test_few_clusters_are_noted(pupils: pd.DataFrame) -> None:
    found = tm.cfa(THREE, pupils.assign(team=np.arange(301) % 25), cluster="team")
    assert any("25 clusters. With fewer than 20 to 50" in note for note in found.warnings)
    assert any("25 clusters for 30 free parameters" in note for note in found.warnings)
    many = tm.cfa(THREE, pupils.assign(team=np.arange(301) % 100), cluster="team")
    assert not many.warnings


def test_variables_never_answered_together_are_named(pupils: pd.DataFrame) -> None:
    apart = pupils.copy()
    apart.loc[:150, "x1"] = np.nan
    apart.loc[151:, "x2"] = np.nan
    with pytest.warns(DataWarning, match="Nobody answered both of 'x1 with x2'"):
        found = tm.cfa(THREE, apart, missing="fiml")
    assert found.converged


def test_estimators_of_ordered_items_ask_for_ordered(pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="estimator='WLSMV' is for ordered items"):
        tm.cfa(THREE, pupils, estimator="WLSMV")


def test_a_single_variable_has_no_correlation_to_miss(pupils: pd.DataFrame) -> None:
    found = tm.cfa("f =~ x1", pupils)
    assert np.isnan(found.fit["crmr"])
    assert found.fit["srmr"] == pytest.approx(0.0, abs=1e-12)
    # lavaan 0.6-14: fitMeasures(cfa("f =~ x1", hs1939))
    assert found.fit["logl"] == pytest.approx(-473.196, abs=1e-3)


def test_a_search_that_went_astray_begins_again() -> None:
    """From the usual start this sample leads to ever larger loadings; lavaan finds 31.0356."""
    pupils = pd.read_csv(DATA / "hs1939.csv")
    rng = np.random.default_rng(3)
    chosen = [rng.choice(301, (14, 20, 30)[r % 3], replace=False) for r in range(31)][-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = tm.cfa(THREE, pupils.iloc[chosen])
    assert found.converged
    assert found.fit["chisq"] == pytest.approx(31.0356, abs=1e-4)
