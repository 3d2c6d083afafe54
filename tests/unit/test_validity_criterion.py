from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pingouin
import pytest

from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.instruments import load_instrument
from trustmeasure.kernels import correlation_intervals as kernel
from trustmeasure.reliability import cronbach_alpha
from trustmeasure.scoring import Scores, score
from trustmeasure.simulate import simulate_responses
from trustmeasure.validity import criterion_validity, disattenuate


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    trust, tenure = rng.normal(size=(2, 140))
    uptake = 0.5 * trust + 0.4 * tenure + rng.normal(size=140)
    stayed = np.where(uptake + rng.normal(size=140) > 0, "yes", "no")
    return pd.DataFrame({"trust": trust, "tenure": tenure, "uptake": uptake, "stayed": stayed})


@pytest.fixture(scope="module")
def scores() -> Scores:
    found = score(simulate_responses(load_instrument("psychological-safety"), n=150, rng=1))
    rng = np.random.default_rng(3)
    scale = found.scale_ids[0]
    data = found.data.assign(outcome=found.data[scale] + rng.normal(size=len(found.data)))
    return replace(found, data=data)


def test_pingouin_agrees(frame: pd.DataFrame) -> None:
    found = criterion_validity(frame, criterion="uptake", scales=["trust"], n_boot=20, rng=1)
    ours = found.correlations.loc["trust"]
    for method, r, p in (("pearson", "r", "pvalue"), ("spearman", "rho", "rho_p")):
        theirs = pingouin.corr(frame["trust"], frame["uptake"], method=method).iloc[0]
        assert ours[r] == pytest.approx(theirs["r"])
        assert ours[p] == pytest.approx(theirs[next(c for c in theirs.index if c.startswith("p"))])


def test_gaps_in_one_scale_leave_the_others_as_they_are(frame: pd.DataFrame) -> None:
    frame = frame.assign(gaps=frame["trust"].mask(frame.index % 5 == 0))
    frame.loc[3, "uptake"] = np.nan
    scales = ["gaps", "trust", "tenure"]
    together = criterion_validity(frame, criterion="uptake", scales=scales).correlations
    for scale in scales:
        both = frame[[scale, "uptake"]].dropna()
        rho = both.rank().corr().iloc[0, 1]
        assert together.loc[scale, "n"] == len(both)
        assert together.loc[scale, "rho"] == pytest.approx(rho, rel=1e-12)


def test_the_increment_is_the_difference_of_two_regressions(frame: pd.DataFrame) -> None:
    found = criterion_validity(
        frame, criterion="uptake", scales=["trust"], covariates="tenure", n_boot=200, rng=1
    )
    r2 = [
        pingouin.linear_regression(frame[names], frame["uptake"])["r2"].iloc[0]
        for names in (["tenure"], ["tenure", "trust"])
    ]
    assert found.incremental is not None
    row = found.incremental.loc["trust"]
    assert row["delta_r2"] == pytest.approx(r2[1] - r2[0])
    assert row["ci_low"] < row["delta_r2"] < row["ci_high"]


def test_two_labels_are_put_in_order(frame: pd.DataFrame) -> None:
    found = criterion_validity(frame, criterion="stayed", scales=["trust", "tenure"])
    assert found.discrimination is not None
    assert (found.discrimination["auc"] > 0.5).all()
    assert any("'no' counts as 0 and 'yes' as 1" in note for note in found.warnings)
    numbers = frame.assign(stayed=(frame["stayed"] == "yes").astype(float))
    again = criterion_validity(numbers, criterion="stayed", scales=["trust", "tenure"])
    pd.testing.assert_frame_equal(found.correlations, again.correlations)


def test_alpha_comes_from_the_items_of_scores(scores: Scores) -> None:
    found = criterion_validity(scores, criterion="outcome")
    row = found.correlations.iloc[0]
    assert row["reliability"] == pytest.approx(
        cronbach_alpha(scores, scale=scores.scale_ids[0]).estimate
    )
    assert row["corrected"] == pytest.approx(row["r"] / np.sqrt(row["reliability"]))
    resampled = criterion_validity(scores, criterion="outcome", ci="bootstrap", n_boot=500, rng=1)
    other = resampled.correlations.iloc[0]
    assert other["r"] == row["r"]
    assert other["ci_low"] == pytest.approx(row["ci_low"], abs=0.05)
    assert other["corrected_high"] == pytest.approx(row["corrected_high"], abs=0.05)
    assert json.dumps(resampled.to_dict())


def test_weights_count_persons(scores: Scores) -> None:
    rng = np.random.default_rng(2)
    items = rng.normal(size=(40, 3)) + rng.normal(size=(40, 1))
    items[3, 1] = np.nan
    total, y = np.nansum(items, axis=1), rng.normal(size=40)
    weights = rng.integers(0, 3, size=40)
    r, alpha = kernel.ScoredItems(total, y, items).estimates(weights[None].astype(float))
    again = np.repeat(np.arange(40), weights)
    assert r[0] == pytest.approx(np.corrcoef(total[again], y[again])[0, 1])
    assert alpha[0] == pytest.approx(cronbach_alpha(items[again]).estimate)


def test_increments_survive_predictors_that_say_the_same() -> None:
    rng = np.random.default_rng(1)
    z, x, y = rng.normal(size=(3, 50))
    y = y + x + z
    doubled = np.cov(np.vstack([z, 2 * z, x, y]))[None]
    single = np.cov(np.vstack([z, x, y]))[None]
    assert kernel.increment(doubled).delta[0] == pytest.approx(kernel.increment(single).delta[0])
    assert np.isnan(kernel.increment(np.cov(np.vstack([x, z, x + z, y]))[None]).delta[0])


def test_corrections_undo_attenuation() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=100_000).T
    noisy = [v + rng.normal(size=100_000) * np.sqrt(1 / rel - 1) for v, rel in ((x, 0.7), (y, 0.5))]
    r = float(np.corrcoef(noisy)[0, 1])
    found = disattenuate(r, reliability_x=0.7, reliability_y=0.5, n=100_000)
    assert found.estimate == pytest.approx(0.6, abs=0.01)
    assert found.ci_low < 0.6 < found.ci_high
    assert disattenuate(r, reliability_x=1, reliability_y=1).estimate == r


def test_beyond_one_is_not_cut_off() -> None:
    with pytest.warns(DataWarning, match="Beyond 1"):
        found = disattenuate(0.8, reliability_x=0.6, reliability_y=0.7)
    assert found.estimate > 1
    assert np.isnan(found.ci_low)


@pytest.mark.parametrize(
    "options",
    [
        {"r": 1.2, "reliability_x": 0.5, "reliability_y": 0.5},
        {"r": 0.2, "reliability_x": 0, "reliability_y": 0.5},
        {"r": 0.2, "reliability_x": 0.5, "reliability_y": "high"},
        {"r": 0.2, "reliability_x": 0.5, "reliability_y": 0.5, "n": 3},
    ],
)
def test_what_cannot_be_corrected_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        disattenuate(**options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"criterion": "uptak"}, DataError, "Did you mean 'uptake'"),
        ({"criterion": [1.0] * 140}, DataError, "relates to nothing"),
        ({"criterion": "uptake", "reliability": {"turst": 0.8}}, OptionError, "'turst'"),
        ({"criterion": "uptake", "reliability": 1.4}, OptionError, "reliability"),
        ({"criterion": "uptake", "covariates": ["trust"]}, DataError, "completely"),
        ({"criterion": "uptake", "covariates": ["stayed"]}, DataError, "not numeric"),
        ({"criterion": "uptake", "covariates": ["tenure", "twice"]}, DataError, "each other"),
        ({"criterion": "uptake", "ci": "exact"}, OptionError, "'fisher'"),
    ],
)
def test_what_relates_to_nothing_is_refused(
    frame: pd.DataFrame, options: dict[str, object], error: type[Exception], message: str
) -> None:
    frame["twice"] = 2 * frame["tenure"] + 1
    with pytest.raises(error, match=message):
        criterion_validity(frame, scales=["trust"], **options)
