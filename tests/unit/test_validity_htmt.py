from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trustmeasure.correlation import correlate
from trustmeasure.correlation.matrices import ordered_codes
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels import replicated_correlations as replicated
from trustmeasure.scoring import Scores, score
from trustmeasure.validity import htmt

DATA = Path(__file__).parent.parent / "data"
SCALES = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}


@pytest.fixture(scope="module")
def hs() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(DATA / "bfi.csv")


def test_the_ratio_is_the_one_of_its_definition(hs: pd.DataFrame) -> None:
    r = hs[[f"x{i}" for i in range(1, 10)]].corr().abs().to_numpy()
    across = r[:3, 3:6].mean()
    within = [r[a:b, a:b][np.triu_indices(3, 1)].mean() for a, b in ((0, 3), (3, 6))]
    found = htmt(hs, SCALES, ci=None)
    assert found.loc["visual", "textual"] == pytest.approx(across / np.sqrt(np.prod(within)))
    assert found.pairs["ci_low"].isna().all()


def test_it_is_a_frame_that_knows_its_intervals(hs: pd.DataFrame) -> None:
    found = htmt(hs, SCALES, n_boot=200, rng=3)
    assert isinstance(found, pd.DataFrame)
    assert type(found + 0) is pd.DataFrame
    assert (np.diag(found) == 1).all()
    assert ((found.ci_low <= found) & (found <= found.ci_high)).to_numpy().all()
    assert found.n == 301
    whole = found.to_dict()
    assert json.loads(json.dumps(whole))["settings"]["scales"] == SCALES
    assert found.to_dict("list")["visual"] == list(found["visual"])
    for same in (copy.deepcopy(found), pickle.loads(pickle.dumps(found)), found.copy()):
        assert same.n == 301
        pd.testing.assert_frame_equal(same.pairs, found.pairs)
    again = htmt(hs, SCALES, n_boot=200, rng=3)
    pd.testing.assert_frame_equal(found.pairs, again.pairs)


def test_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    hits = {"ci": 0, "bca": 0}
    for _ in range(120):
        factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=200)
        items = np.repeat(factors, 3, axis=1) * 0.7 + rng.normal(size=(200, 6)) * np.sqrt(0.51)
        scales = {"a": ["item1", "item2", "item3"], "b": ["item4", "item5", "item6"]}
        found = htmt(items, scales, n_boot=300, rng=rng).pairs.iloc[0]
        for kind in hits:
            hits[kind] += found[f"{kind}_low"] <= 0.5 <= found[f"{kind}_high"]
    # 120 samples: 95 % ± 3 standard errors of 2 %.
    assert all(hit / 120 >= 0.89 for hit in hits.values())


def test_correlations_without_a_person_are_those_of_the_others(bfi: pd.DataFrame) -> None:
    x = bfi[["A1", "A2", "C1"]].head(80).copy()
    x.iloc[3, 0] = x.iloc[9, 2] = np.nan
    left = np.concatenate(list(replicated.left_out_correlations(x.to_numpy(float))))
    for row in (0, 3, 50):
        expected = x.drop(index=x.index[row]).corr().to_numpy()
        np.testing.assert_allclose(left[row], expected, rtol=1e-12)
    codes, k = ordered_codes(x.to_numpy(float), list(x))
    left = np.concatenate(list(replicated.left_out_ordinal(codes, k)))
    for row in (0, 3, 9, 50):
        others = x.drop(index=x.index[row])
        expected = correlate(others, correlation="polychoric", missing="pairwise").correlation
        np.testing.assert_allclose(left[row], expected, atol=1e-8)


def test_resampled_correlations_are_those_of_the_resampled_persons() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 3))
    for holes in (False, True):
        if holes:
            x[[1, 4, 8], [0, 1, 2]] = np.nan
        weights = rng.integers(0, 3, size=(4, 30)).astype(float)
        found = replicated.correlations(x, weights.__matmul__)
        for w, matrix in zip(weights, found, strict=True):
            expected = pd.DataFrame(np.repeat(x, w.astype(int), axis=0)).corr().to_numpy()
            np.testing.assert_allclose(matrix, expected, atol=1e-12)


def test_ordered_answers_have_intervals_too(bfi: pd.DataFrame) -> None:
    scales = {"C": ["C1", "C2", "C3"], "N": ["N1", "N2", "N3"]}
    found = htmt(bfi.head(400), scales, correlation="polychoric", n_boot=60, rng=1)
    low, high = found.pairs.iloc[0][["bca_low", "bca_high"]]
    assert low < found.loc["C", "N"] < high


def test_items_against_the_direction_of_their_scale_are_named(bfi: pd.DataFrame) -> None:
    with pytest.warns(DataWarning, match="A1 with A2"):
        found = htmt(bfi, {"A": ["A1", "A2", "A3"], "N": ["N1", "N2", "N3"]}, ci=None)
    assert "A1 with A2" in found.warnings[-1]
    assert found.n_dropped == len(bfi) - found.n


def test_scores_know_their_scales() -> None:
    from trustmeasure.instruments import load_instrument
    from trustmeasure.simulate import simulate_responses

    scores = score(simulate_responses(load_instrument("psychological-safety"), n=80, rng=1))
    assert isinstance(scores, Scores)
    with pytest.raises(DataError, match="1 scale; at least 2"):
        htmt(scores, [scores.scale_ids[0]], ci=None)
    with pytest.raises(OptionError, match="not scored"):
        htmt(scores, ["nonsense"], ci=None)


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({"a": ["x1", "x2"]}, "at least 2"),
        ({"a": ["x1"], "b": ["x2", "x3"]}, "fewer than 2 items"),
        ({"a": ["x1", "x2"], "b": ["x2", "x3"]}, "in two scales"),
        ({"a": ["x1", "x2"], "b": ["x3", "x10"]}, "not in the data"),
    ],
)
def test_what_has_no_ratio_is_refused(
    hs: pd.DataFrame, scales: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        htmt(hs, scales)


def test_a_frame_needs_to_be_told_the_scales(hs: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="must map"):
        htmt(hs)
    with pytest.raises(OptionError, match="htmt2"):
        htmt(hs, SCALES, method="htmt3")


def test_full_information_goes_without_intervals() -> None:
    rng = np.random.default_rng(8)
    data = pd.DataFrame(
        np.repeat(rng.normal(size=(200, 2)), 3, axis=1) + rng.normal(size=(200, 6)),
        columns=[f"i{k}" for k in range(6)],
    )
    scales = {"a": ["i0", "i1", "i2"], "b": ["i3", "i4", "i5"]}
    whole = htmt(data, scales, missing="fiml", ci=None)
    expected = htmt(data, scales, ci=None)
    np.testing.assert_allclose(whole.loc["a", "b"], expected.loc["a", "b"])
    some = htmt(data.mask(rng.random(data.shape) < 0.1), scales, missing="fiml", ci=None)
    assert any("EM" in message for message in some.warnings)
    for options in ({}, {"ci": None, "correlation": "polychoric"}):
        with pytest.raises(OptionError, match="ci=None"):
            htmt(data, scales, missing="fiml", **options)
