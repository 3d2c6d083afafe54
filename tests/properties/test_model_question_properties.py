"""What must hold of questions to fitted models whatever the data: names, order, directions."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import trustmeasure as tm
from tests.properties.strategies import SEEDS
from trustmeasure.confirmatory import StructuralModel

ITEMS = ["t1", "t2", "t3", "t4", "t5"]
ONE = f"trust =~ {' + '.join(ITEMS)}"
LEVELS = "level: 1\nwithin =~ t1 + t2 + t3\nlevel: 2\nbetween =~ t1 + t2 + t3"
FEW = settings(max_examples=6, deadline=None)


def answered(seed: int, n: int = 250) -> tuple[pd.DataFrame, np.random.Generator]:
    """Draw five items of four categories that one factor moves."""
    rng = np.random.default_rng(seed)
    slopes = rng.uniform(0.6, 0.85, size=5)
    raw = np.outer(rng.normal(size=n), slopes) + rng.normal(size=(n, 5)) * np.sqrt(1 - slopes**2)
    return pd.DataFrame(np.digitize(raw, [-0.8, 0.1, 0.9]), columns=ITEMS), rng


def clustered(seed: int) -> tuple[pd.DataFrame, np.random.Generator]:
    """Draw three items of persons in 40 clusters of unequal sizes."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(40), rng.integers(4, 12, size=40))
    shared = rng.normal(size=40)[cluster]
    level = np.outer(shared + rng.normal(size=len(cluster)), [0.9, 0.8, 0.7])
    answers = level + 0.6 * rng.normal(size=level.shape) + 0.3 * rng.normal(size=(40, 3))[cluster]
    return pd.DataFrame(answers, columns=ITEMS[:3]).assign(team=cluster), rng


def fitted(model: str, data: pd.DataFrame, **options: object) -> StructuralModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.TrustMeasureWarning)
        return tm.cfa(model, data, **options)  # type: ignore[arg-type]


@FEW
@given(seed=SEEDS, parameterization=st.sampled_from(["delta", "theta"]))
def test_order_and_codes_of_ordered_answers_do_not_matter(seed: int, parameterization: str) -> None:
    data, rng = answered(seed)
    one = fitted(ONE, data, ordered=True, std_lv=True)
    other = (3 * data + 1).sample(frac=1, random_state=rng)
    two = fitted(ONE, other, ordered=True, std_lv=True, parameterization=parameterization)
    np.testing.assert_allclose(
        two.factor_scores().scores.loc[data.index], one.factor_scores().scores, atol=1e-4
    )
    np.testing.assert_allclose(
        two.modification_indices(sort=False)["mi"],
        one.modification_indices(sort=False)["mi"],
        rtol=1e-3,
        atol=1e-3,
    )
    np.testing.assert_allclose(two.residuals().cov, one.residuals().cov, atol=1e-4)


@FEW
@given(seed=SEEDS)
def test_turned_answers_turn_the_scores(seed: int) -> None:
    data, _ = answered(seed)
    one, two = (fitted(ONE, frame, ordered=True, std_lv=True) for frame in (data, 3 - data))
    sign = np.sign(
        one.estimates.query("op == '=~'")["est"].iloc[0]
        * two.estimates.query("op == '=~'")["est"].iloc[0]
    )
    np.testing.assert_allclose(
        two.factor_scores().scores, -sign * one.factor_scores().scores, atol=1e-4
    )


@FEW
@given(seed=SEEDS)
def test_a_higher_answer_never_lowers_a_score(seed: int) -> None:
    data, rng = answered(seed)
    model = fitted(ONE, data, ordered=True, std_lv=True)
    loadings = model.estimates.query("op == '=~'").set_index("rhs")["est"]
    low = data[(data < 3).all(axis=1)].head(20)
    item = str(rng.choice(ITEMS))
    moved = model.factor_scores(low.assign(**{item: low[item] + 1})).scores
    change = (moved - model.factor_scores(low).scores)["trust"] * np.sign(loadings[item])
    assert (change > 0).all()


@FEW
@given(seed=SEEDS)
def test_labels_of_clusters_and_order_of_persons_do_not_matter(seed: int) -> None:
    data, rng = clustered(seed)
    one = fitted(LEVELS, data, cluster="team")
    names = rng.permutation([f"team {number}" for number in range(40)])
    other = data.assign(team=names[data["team"]]).sample(frac=1, random_state=rng)
    two = fitted(LEVELS, other, cluster="team")
    np.testing.assert_allclose(
        two.factor_scores().scores.loc[data.index], one.factor_scores().scores, atol=1e-5
    )
    between = two.factor_scores(level=2).scores.loc[names]
    np.testing.assert_allclose(between, one.factor_scores(level=2).scores, atol=1e-5)
    np.testing.assert_allclose(two.residuals().cov, one.residuals().cov, atol=1e-5)


@FEW
@given(seed=SEEDS)
def test_bootstrap_limits_hold_the_median_of_what_was_drawn(seed: int) -> None:
    data, _ = answered(seed, 150)
    model = fitted(ONE, data, ordered=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.TrustMeasureWarning)
        found = tm.bootstrap(model, n_boot=20, rng=seed)
    sound = found.replicates.dropna()
    assert len(sound) == 20 - found.n_failed
    rows = found.estimates.query("op == '=~'").iloc[1:]
    middle = sound.iloc[:, :4].median().to_numpy()
    assert (rows["ci_low"].to_numpy() <= middle).all()
    assert (rows["ci_high"].to_numpy() >= middle).all()
