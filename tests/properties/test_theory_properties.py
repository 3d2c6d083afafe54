"""What holds of mediation whatever the data, and of the theory however it is written."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, parameter_table
from trustmeasure.theory import mediation, moderation, theory_of_change
from trustmeasure.theory.variants import RIVALS


def frame(seed: int, n: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n, 4)) @ rng.normal(size=(4, 4)) + 0.5 * rng.normal(size=(n, 4))
    return pd.DataFrame(mixed, columns=["x", "m1", "m2", "y"])


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(12, 80),
    order=st.sampled_from(["parallel", "serial"]),
)
def test_direct_and_indirect_make_the_total_in_any_unit(seed: int, n: int, order: str) -> None:
    data = frame(seed, n)
    first = mediation(data, "x", ["m1", "m2"], "y", order=order, ci="delta").effects
    assert np.isclose(
        first.loc["total", "est"], first.loc["direct", "est"] + first.loc["indirect", "est"]
    )
    moved = data * [2.0, 0.1, 30.0, 5.0] + [100.0, -3.0, 0.0, 7.0]
    other = mediation(moved, "x", ["m1", "m2"], "y", order=order, ci="delta").effects
    np.testing.assert_allclose(other["est"], first["est"] * 2.5, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other["std"], first["std"], rtol=1e-6, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(12, 80))
def test_regions_cover_the_range_and_differ_from_their_neighbours(seed: int, n: int) -> None:
    data = frame(seed, n)
    found = moderation(data, "y", "x", "m1").regions
    assert found["low"].iloc[0] == data["m1"].min()
    assert found["high"].iloc[-1] == data["m1"].max()
    assert (found["low"].to_numpy()[1:] == found["high"].to_numpy()[:-1]).all()
    assert (found["effect"].shift() != found["effect"]).all()
    assert np.isclose(found["share"].sum(), 1)


@settings(deadline=None, max_examples=25)
@given(
    form=st.sampled_from(["latent", "composite"]),
    chosen=st.sets(st.sampled_from(RIVALS)),
    strategies=st.sampled_from(["often", "well", "joint"]),
    indicators=st.sampled_from(["items", "facets"]),
    outcomes=st.lists(st.sampled_from(["uptake", "reach", "cost"]), unique=True, max_size=3),
)
def test_every_way_of_writing_the_theory_is_a_model(
    form: str, chosen: set[str], strategies: str, indicators: str, outcomes: list[str]
) -> None:
    rivals = sorted(chosen - ({"safety_moderator"} if form == "latent" else set()))
    theory = theory_of_change(
        form, rivals, strategies=strategies, indicators=indicators, outcomes=outcomes or None
    )
    ends = len(outcomes) or 3
    assert len(theory.chains) == 24 * ends
    for model in (theory, *theory.rivals.values()):
        table = parameter_table(parse_model(model.syntax), **DEFAULTS["sem"])  # type: ignore[arg-type]
        labels = {row.label for row in table.free if row.label}
        paths = model.assumptions.query("kind == 'path'")
        assert labels == set(paths.index[paths["expected"] != "zero"])
        assert set(model.chains.index) <= {definition.name for definition in table.definitions}
        assert len(model.chains) == len(set(model.chains.index))
