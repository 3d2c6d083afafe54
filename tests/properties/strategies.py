"""What every property test draws from: survey answers, teams, and the frames that hold them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

SEEDS = st.integers(0, 2**32 - 1)


def _answers(
    rng: np.random.Generator, n_persons: int, n_items: int, n_options: int, missing: float
) -> pd.DataFrame:
    """Draw items that share a factor, of which none is constant in the complete rows."""
    trait = rng.normal(size=(n_persons, 1))
    loadings = rng.uniform(0.5, 0.9, size=n_items)
    latent = trait * loadings + rng.normal(size=(n_persons, n_items)) * np.sqrt(1 - loadings**2)
    middle = (n_options + 1) / 2
    values = np.clip(np.round(latent * n_options / 4 + middle), 1, n_options).astype(float)
    holes = rng.random(values.shape) < missing
    holes[: n_items + 5] = False  # enough complete rows for every analysis
    values[0], values[1] = 1, n_options  # and no constant item among them
    values[holes] = np.nan
    return pd.DataFrame(values, columns=[f"q{j + 1}" for j in range(n_items)])


@st.composite
def answers(
    draw: DrawFn,
    *,
    min_persons: int = 20,
    max_persons: int = 80,
    min_items: int = 3,
    max_items: int = 8,
    missing: bool = True,
) -> pd.DataFrame:
    """Answers of persons to items that measure the same thing; NaN is missing."""
    return _answers(
        np.random.default_rng(draw(SEEDS)),
        draw(st.integers(min_persons, max_persons)),
        draw(st.integers(min_items, max_items)),
        draw(st.sampled_from([2, 4, 5, 7, 11])),
        draw(st.sampled_from([0.0, 0.05, 0.2])) if missing else 0.0,
    )


@st.composite
def grouped_answers(draw: DrawFn, *, missing: bool = True) -> pd.DataFrame:
    """Five-point answers with a column ``team``; some persons have none, some teams one person."""
    rng = np.random.default_rng(draw(SEEDS))
    sizes = draw(st.lists(st.integers(1, 9), min_size=3, max_size=9))
    sizes.append(draw(st.integers(8, 15)))
    frame = _answers(rng, sum(sizes), draw(st.integers(2, 5)), 5, 0.1 if missing else 0.0)
    team = np.repeat([f"team {i}" for i in range(len(sizes))], sizes).astype(object)
    if missing:
        team[rng.random(len(team)) < 0.05] = None
    frame.insert(0, "team", rng.permutation(team))
    return frame


@st.composite
def team_scores(draw: DrawFn) -> pd.DataFrame:
    """Continuous scores of up to three scales in teams of every size, with gaps of all kinds.

    Continuous, so that two groups never have the same mean by chance.
    """
    rng = np.random.default_rng(draw(SEEDS))
    sizes = draw(st.lists(st.integers(1, 12), min_size=1, max_size=8))
    strays = draw(st.integers(0, 8))
    team = np.repeat([f"T{i}" for i in range(len(sizes))], sizes).astype(object)
    team = np.concatenate([team, np.full(strays, None, dtype=object)])
    scales = [f"s{j}" for j in range(draw(st.integers(1, 3)))]
    scores = rng.normal(4, 1, size=(len(team), len(scales)))
    scores[rng.random(scores.shape) < draw(st.sampled_from([0.0, 0.1, 0.4]))] = np.nan
    # A block of questions that some teams were never asked.
    for label in draw(st.lists(st.sampled_from([f"T{i}" for i in range(len(sizes))]), max_size=2)):
        scores[team == label, draw(st.integers(0, len(scales) - 1))] = np.nan
    frame = pd.DataFrame(scores, columns=scales)
    frame.insert(0, "team", team)
    return frame


def _nullable(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.convert_dtypes(dtype_backend="numpy_nullable")


def _arrow_backed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.convert_dtypes(dtype_backend="pyarrow")


def _polars(frame: pd.DataFrame) -> pl.DataFrame:
    columns = {
        name: frame[name].to_list()  # missing numbers stay NaN, as Polars users have them too
        if pd.api.types.is_numeric_dtype(frame[name])
        else [None if pd.isna(label) else label for label in frame[name]]
        for name in frame.columns
    }
    return pl.DataFrame(columns)


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


# Everything that holds the same answers. NumPy arrays have no names and are tested apart.
FRAME_KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": pd.DataFrame,
    "pandas nullable": _nullable,
    "pandas arrow": _arrow_backed,
    "polars": _polars,
    "polars lazy": lambda frame: _polars(frame).lazy(),
    "pyarrow": _arrow,
}


def frame_kinds() -> SearchStrategy[str]:
    """Name a kind of frame, a key of ``FRAME_KINDS``."""
    return st.sampled_from(sorted(FRAME_KINDS))
