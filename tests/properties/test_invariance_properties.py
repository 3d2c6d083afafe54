"""What must hold of invariance whatever the data: names, order, and what was put into them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trustmeasure as tm
from tests.properties.strategies import SEEDS
from trustmeasure.invariance import InvarianceResult

ITEMS = ["t1", "t2", "t3", "t4", "t5"]
ONE = f"trust =~ {' + '.join(ITEMS)}"
COMPARED = ["chisq", "df", "cfi", "rmsea", "srmr", "aic", "bic", "chisq_diff", "delta_cfi"]
FEW = settings(max_examples=8, deadline=None)


def drawn(seed: int, n: int, n_groups: int) -> tuple[pd.DataFrame, np.random.Generator]:
    """Draw five items of one factor that measure alike in all groups."""
    rng = np.random.default_rng(seed)
    site = np.repeat([f"site {g}" for g in range(n_groups)], n)
    mean = np.repeat(rng.normal(scale=0.5, size=n_groups), n)
    trust = mean + rng.normal(size=len(site))
    slopes, levels = rng.uniform(0.6, 1.0, size=5), rng.uniform(2, 4, size=5)
    answers = levels + np.outer(trust, slopes) + 0.6 * rng.normal(size=(len(site), 5))
    return pd.DataFrame(answers, columns=ITEMS).assign(site=site), rng


def ladder(data: pd.DataFrame, model: str = ONE, **options: object) -> InvarianceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.TrustMeasureWarning)
        return tm.measurement_invariance(model, data, group="site", **options)  # type: ignore[arg-type]


@FEW
@given(seed=SEEDS, n_groups=st.integers(2, 4))
def test_order_and_labels_of_groups_and_items_do_not_matter(seed: int, n_groups: int) -> None:
    data, rng = drawn(seed, 120, n_groups)
    one = ladder(data).table[COMPARED]
    other = data.sample(frac=1, random_state=rng)
    other["site"] = other["site"].map({f"site {g}": -g for g in range(n_groups)})
    turned = f"trust =~ {' + '.join(rng.permutation(ITEMS))}"
    pd.testing.assert_frame_equal(ladder(other, turned).table[COMPARED], one, rtol=1e-5, atol=1e-6)


@FEW
@given(seed=SEEDS)
def test_pairs_of_groups_differ_alike_from_either_side(seed: int) -> None:
    data, _ = drawn(seed, 150, 2)
    one = ladder(data, reference="site 0").latent_means["d"].iloc[0]
    assert ladder(data, reference="site 1").latent_means["d"].iloc[0] == pytest.approx(
        -one, abs=1e-4
    )


@FEW
@given(seed=SEEDS)
def test_what_is_alike_passes_and_needs_no_release(seed: int) -> None:
    data, _ = drawn(seed, 4000, 2)
    found = ladder(data)
    assert found.table["delta_cfi"].iloc[1:].gt(-0.005).all()
    assert found.partial("scalar", criterion="pvalue", alpha=1e-5).released == ()
    assert found.effect_size().table["d_macs"].lt(0.15).all()


@FEW
@given(seed=SEEDS, item=st.sampled_from(ITEMS), kind=st.sampled_from(["loading", "intercept"]))
def test_an_item_that_differs_is_found_whichever_it_is(seed: int, item: str, kind: str) -> None:
    data, _ = drawn(seed, 1500, 2)
    there = data["site"] == "site 1"
    if kind == "intercept":
        data.loc[there, item] += 0.6
        level, name = "scalar", f"{item}~1"
    else:
        centred = data.loc[there, ITEMS].mean(axis=1)
        data.loc[there, item] += 0.6 * (centred - centred.mean())
        level, name = "metric", f"trust=~{item}"
    found = ladder(data).partial(level, criterion="pvalue", alpha=0.001)
    assert found.released[0] == name


@FEW
@given(seed=SEEDS, factor=st.floats(0.2, 5.0), shift=st.floats(-10, 10))
def test_units_of_answers_do_not_change_fit_or_sizes_of_effect(
    seed: int, factor: float, shift: float
) -> None:
    data, _ = drawn(seed, 200, 2)
    moved = data.assign(**{item: data[item] * factor + shift for item in ITEMS})
    one, other = ladder(data), ladder(moved)
    same = [name for name in COMPARED if name not in ("aic", "bic")]
    pd.testing.assert_frame_equal(one.table[same], other.table[same], rtol=1e-5, atol=1e-6)
    assert other.latent_means["d"].iloc[0] == pytest.approx(one.latent_means["d"].iloc[0], abs=1e-4)
    sizes = [found.effect_size(anchors=["t1"]).table["d_macs"] for found in (one, other)]
    np.testing.assert_allclose(*sizes, atol=1e-4)


def ordered(data: pd.DataFrame) -> pd.DataFrame:
    """Cut each item into four categories, at quantiles of all persons."""
    cut = {name: pd.qcut(data[name], [0, 0.2, 0.5, 0.8, 1], labels=False) for name in ITEMS}
    return data.assign(**cut)


@FEW
@given(seed=SEEDS, n_groups=st.integers(2, 3))
def test_names_order_codes_and_direction_of_ordered_items_do_not_matter(
    seed: int, n_groups: int
) -> None:
    data, rng = drawn(seed, 200, n_groups)
    data = ordered(data)
    compared = ["chisq", "df", "cfi", "rmsea", "srmr", "chisq_diff", "delta_cfi"]
    one = ladder(data, ordered=True, reference="site 0").table[compared]
    other = data.sample(frac=1, random_state=rng)
    other["site"] = other["site"].map({f"site {g}": -g for g in range(n_groups)})
    other[ITEMS] = 7 - 2 * other[ITEMS] ** 2
    turned = f"trust =~ {' + '.join(rng.permutation(ITEMS))}"
    again = ladder(other, turned, ordered=True, reference=0).table[compared]
    pd.testing.assert_frame_equal(again, one, rtol=1e-4, atol=1e-5)


@FEW
@given(seed=SEEDS, parameterization=st.sampled_from(["theta", "delta"]))
def test_ordered_items_that_are_alike_need_no_release(seed: int, parameterization: str) -> None:
    data, _ = drawn(seed, 3000, 2)
    found = ladder(ordered(data), ordered=True, parameterization=parameterization)
    for level in ("thresholds", "metric", "scalar"):
        assert found.partial(level, criterion="pvalue", alpha=1e-5).released == ()
    assert found.effect_size().table["d_macs"].lt(0.2).all()


@FEW
@given(seed=SEEDS, item=st.sampled_from(ITEMS))
def test_an_ordered_item_that_differs_is_found_whichever_it_is(seed: int, item: str) -> None:
    data, _ = drawn(seed, 1500, 2)
    data.loc[data["site"] == "site 1", item] += 0.6
    found = ladder(ordered(data), ordered=True).partial("scalar", criterion="pvalue", alpha=0.001)
    assert found.released[0] == f"{item}~1"


@FEW
@given(seed=SEEDS)
def test_alignment_does_not_depend_on_names_or_order(seed: int) -> None:
    data, rng = drawn(seed, 150, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.TrustMeasureWarning)
        one = tm.alignment(ONE, data, group="site", reference="site 0", n_starts=3)
        other = data.sample(frac=1, random_state=rng)
        again = tm.alignment(ONE, other, group="site", reference="site 0", n_starts=3)
    mine = one.means["mean"].droplevel("factor").sort_index()
    theirs = again.means["mean"].droplevel("factor").sort_index()
    assert one.simplicity["trust"] == pytest.approx(again.simplicity["trust"], abs=1e-4)
    np.testing.assert_allclose(mine, theirs, atol=0.02)
