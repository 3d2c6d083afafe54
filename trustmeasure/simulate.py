"""Responses with known parameters, for teaching, planning, and checking the analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_rng, check_count, listed, near
from trustmeasure.errors import InstrumentError, OptionError
from trustmeasure.instruments import Instrument, Item, load_instrument
from trustmeasure.responses import LogEntry, ReadLog, Responses

FloatArray = NDArray[np.float64]


def simulate_responses(
    instrument: Instrument | str | Path,
    *,
    n: int,
    n_clusters: int | None = None,
    cluster_sizes: Sequence[int] | None = None,
    loadings: float | Mapping[str, float] | pd.DataFrame = 0.7,
    factor_corr: float | Sequence[Sequence[float]] | pd.DataFrame | NDArray[Any] = 0.3,
    icc: float = 0.0,
    waves: int = 1,
    stability: float = 0.6,
    change: float = 0.0,
    missing: float = 0.0,
    thresholds: Sequence[float] | Mapping[str, Sequence[float]] | None = None,
    skew: float = 0.0,
    rng: int | np.random.Generator | None = None,
) -> Responses:
    r"""Simulate answers to an instrument from a common-factor model with known parameters.

    Each scale is a factor. A person's tendency on item *j* is
    :math:`y^*_j = \sum_f \lambda_{jf} \eta_f + \varepsilon_j` with variance 1, and thresholds
    cut it into the item's answers. Reversed items are reversed in the raw codes, as they
    would be in a survey. The result is marked as simulated.

    Parameters
    ----------
    instrument : Instrument, str or path
        An instrument, its id, or its file.
    n : int
        Persons.
    n_clusters : int, optional
        Teams, named "Team 01" onwards, of sizes as equal as possible.
    cluster_sizes : sequence of int, optional
        Size of each team instead; adds up to ``n``.
    loadings : float, mapping or DataFrame
        Standardised loadings: one for all items; item id → loading; or a DataFrame items ×
        scales, in which items may load on several (a scale without a column is no factor).
        With the first two, an item that belongs to several scales loads on the smallest of
        them, so that a total over subscales is no factor of its own, and an item of no scale
        is unique variance only.
    factor_corr : float, matrix or DataFrame
        Correlation between all factors; or a matrix over the instrument's scales, in their
        order or by name.
    icc : float
        Share of the factors' variance that lies between clusters, 0 to below 1. The ICC(1) of
        observed scores is lower, for they hold error.
    waves : int
        Times of measurement. The rows of wave 1 come first, then those of wave 2, …
    stability : float
        With several waves: the share of the factors' variance within clusters that a person
        keeps; the rest is drawn anew each time, like the items' unique parts. Clusters keep
        theirs whole. Without clusters, it is the factors' correlation between waves.
    change : float
        Shift of all factor means from each wave to the next, in the factors' SD.
    missing : float
        Probability with which each answer is missing, completely at random.
    thresholds : sequence or mapping, optional
        Increasing cuts of the tendency in SD, one fewer than the item has answers: for all
        items, or item id → cuts. By default, they divide −2 to 2 SD into equal intervals.
    skew : float
        Shift of the default thresholds in SD. Above 0, low scores prevail, with a tail to the
        right; below 0, high ones do. The raw codes of reversed items go the other way.
    rng : int or Generator, optional
        Seed.

    Returns
    -------
    Responses
        ``n`` × ``waves`` rows: the items' raw codes, ``respondent`` (1 to n), ``team`` where
        there are clusters, ``wave`` where there are several.

    Raises
    ------
    InstrumentError
        For an instrument whose items nobody answers with codes.
    OptionError
        For a parameter out of range: a communality above 1, factor correlations that are no
        correlation matrix, unknown items, thresholds that do not increase, sizes that do not
        add up to ``n``.

    Notes
    -----
    Loadings and correlations hold for the tendencies. Those of the answers are attenuated by
    the coarseness of the answers; polychoric correlations recover them. An item with a
    ``score_map`` gets one of the codes that have the score in question, each with equal
    probability.

    In R, ``lavaan::simulateData(model, ordered = TRUE)`` draws from the same model, without
    clusters or waves.

    Examples
    --------
    >>> import trustmeasure as tm
    >>> simulated = tm.simulate_responses("trust-pulse", n=40, n_clusters=4, icc=0.2, rng=1)
    >>> simulated.data["team"].value_counts().to_dict()
    {'Team 01': 10, 'Team 02': 10, 'Team 03': 10, 'Team 04': 10}
    >>> simulated.simulated
    True
    """
    known = load_instrument(instrument)
    _refuse_unanswerable(known)
    n = check_count("n", n)
    waves = check_count("waves", waves)
    sizes = _cluster_sizes(n, n_clusters, cluster_sizes)
    _check_share("icc", icc)
    _check_share("stability", stability, closed=True)
    _check_share("missing", missing)
    for name, value in (("skew", skew), ("change", change)):
        _check_number(name, value)
    if icc and sizes is None:
        raise OptionError(f"icc={icc} needs clusters: pass n_clusters= or cluster_sizes=.")
    if thresholds is not None and skew:
        raise OptionError("skew= shifts the default thresholds; pass it or thresholds=, not both.")
    model = _Model.of(known, loadings, factor_corr)
    cuts = {item.id: _thresholds(known, item, thresholds, skew) for item in known.items}
    generator = as_rng(rng)

    clusters = None if sizes is None else np.repeat(np.arange(len(sizes)), sizes)
    factors = _draw_factors(model, n, clusters, icc, waves, stability, change, generator)
    data = _draw_answers(known, model, factors, cuts, generator)
    if missing:
        data[generator.random(data.shape) < missing] = np.nan
    frame = pd.DataFrame(data, columns=list(known.item_ids))
    frame["respondent"] = np.tile(np.arange(1, n + 1), waves)
    if clusters is not None:
        width = max(2, len(str(clusters.max() + 1)))
        names = np.array([f"Team {k + 1:0{width}d}" for k in range(clusters.max() + 1)])
        frame["team"] = np.tile(names[clusters], waves)
    if waves > 1:
        frame["wave"] = np.repeat(np.arange(1, waves + 1), n)
    detail = (
        f"factors {listed(model.factors)}; icc {icc:g}, waves {waves}, stability {stability:g}, "
        f"change {change:g}, missing {missing:g}, skew {skew:g}"
    )
    return Responses(
        data=frame,
        instrument=known,
        platform="simulated",
        column_map={item: item for item in known.item_ids},
        log=ReadLog((LogEntry("simulated", len(frame), detail),)),
        respondent="respondent",
        cluster=None if clusters is None else "team",
        wave="wave" if waves > 1 else None,
        simulated=True,
        source="simulated",
    )


def _refuse_unanswerable(instrument: Instrument) -> None:
    silent = [item.id for item in instrument.items if not item.response_set]
    if silent or not instrument.items:
        what = f"item(s) {listed(silent)} have no response set" if silent else "it has no items"
        raise InstrumentError(
            f"Answers to instrument '{instrument.id}' cannot be simulated: {what}. "
            f"{(instrument.unscored or '').strip()}".strip()
        )


# -- the parameters -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Model:
    """Loadings (items × factors), factor correlations, and the root of the latter."""

    factors: tuple[str, ...]
    loadings: FloatArray
    root: FloatArray
    unique_sd: FloatArray

    @classmethod
    def of(cls, instrument: Instrument, loadings: Any, factor_corr: Any) -> _Model:
        table = _loading_table(instrument, loadings)
        correlations = _factor_corr(instrument, table.columns, factor_corr)
        values = table.to_numpy(dtype=np.float64)
        communalities = np.einsum("jf,fg,jg->j", values, correlations, values)
        heavy = [
            f"'{item}' ({h2:.2f})"
            for item, h2 in zip(table.index, communalities, strict=True)
            if h2 > 1 + 1e-12
        ]
        if heavy:
            raise OptionError(
                "The loadings explain more than all of the variance of item(s) "
                f"{', '.join(heavy[:12])}. Communalities, with the factor correlations counted "
                "in, must not exceed 1: use smaller loadings."
            )
        eigenvalues, vectors = np.linalg.eigh(correlations)
        return cls(
            factors=tuple(map(str, table.columns)),
            loadings=values,
            root=vectors * np.sqrt(np.clip(eigenvalues, 0, None)),
            unique_sd=np.sqrt(np.clip(1 - communalities, 0, None)),
        )


def _loading_table(instrument: Instrument, loadings: Any) -> pd.DataFrame:
    items = instrument.item_ids
    if isinstance(loadings, pd.DataFrame):
        return _given_loadings(instrument, loadings)
    if isinstance(loadings, Mapping):
        _refuse_unknown("loadings=", loadings, items)
        absent = [item for item in items if item not in loadings]
        if absent:
            raise OptionError(f"loadings= has no loading for item(s) {listed(absent)}.")
        for item, value in loadings.items():
            _check_number(f"loadings['{item}']", value)
    else:
        _check_number("loadings", loadings)
        loadings = dict.fromkeys(items, loadings)
    scales = sorted(instrument.scales, key=lambda scale: len(scale.items))
    home = {
        item: next((scale.id for scale in scales if item in scale.items), None) for item in items
    }
    used = [scale.id for scale in instrument.scales if scale.id in home.values()]
    table = pd.DataFrame(0.0, index=list(items), columns=used)
    for item, scale in home.items():
        if scale is not None:
            table.loc[item, scale] = float(loadings[item])
    return table


def _given_loadings(instrument: Instrument, loadings: pd.DataFrame) -> pd.DataFrame:
    items = instrument.item_ids
    _refuse_unknown("The index of loadings=", loadings.index, items)
    scales = [scale.id for scale in instrument.scales]
    _refuse_unknown("The columns of loadings=", loadings.columns, scales, "scale")
    if loadings.index.has_duplicates or loadings.columns.has_duplicates:
        raise OptionError("loadings= names an item or a scale more than once.")
    absent = [item for item in items if item not in loadings.index]
    if absent:
        raise OptionError(f"loadings= has no row for item(s) {listed(absent)}.")
    try:
        table = loadings.loc[list(items)].astype(np.float64)
    except (TypeError, ValueError):
        raise OptionError("loadings= must hold numbers only.") from None
    if not np.isfinite(table.to_numpy()).all():
        raise OptionError("loadings= holds missing or infinite values; write 0 for no loading.")
    return table


def _factor_corr(instrument: Instrument, used: pd.Index[Any], factor_corr: Any) -> FloatArray:
    scales = [scale.id for scale in instrument.scales]
    k = len(used)
    if isinstance(factor_corr, (int, float)):
        _check_number("factor_corr", factor_corr)
        matrix = np.full((k, k), float(factor_corr))
        np.fill_diagonal(matrix, 1.0)
        shown = f"factor_corr={factor_corr}"
    else:
        shown = "factor_corr="
        if isinstance(factor_corr, pd.DataFrame):
            named = factor_corr
            for axis in (named.index, named.columns):
                absent = [name for name in used if name not in axis]
                if absent:
                    raise OptionError(f"factor_corr= lacks the scale(s) {listed(absent)}.")
        else:
            given = np.asarray(factor_corr)
            if given.shape != (len(scales), len(scales)):
                raise OptionError(
                    f"factor_corr= has shape {given.shape}; expected one row and one column for "
                    f"each of the {len(scales)} scales: {listed(scales)}."
                )
            named = pd.DataFrame(given, index=scales, columns=scales)
        try:
            matrix = named.loc[list(used), list(used)].to_numpy(dtype=np.float64)
        except (TypeError, ValueError):
            raise OptionError("factor_corr= must hold numbers only.") from None
    if (
        not np.isfinite(matrix).all()
        or not np.allclose(matrix, matrix.T, atol=1e-10)
        or not np.allclose(np.diag(matrix), 1, atol=1e-10)
    ):
        raise OptionError(f"{shown} must be symmetric with 1 on its diagonal, as correlations are.")
    if k and np.linalg.eigvalsh(matrix)[0] < -1e-10:
        raise OptionError(
            f"{shown} is not possible for {k} factors: no data have such correlations (the matrix "
            "is not positive semidefinite)."
        )
    return matrix


def _thresholds(instrument: Instrument, item: Item, given: Any, skew: float) -> FloatArray:
    answers = instrument.response_set(item.id)
    n_steps = answers.n_options
    if item.score_map is not None:
        n_steps = len({item.score_map[value] for value in answers.values})
    if given is None:
        return np.linspace(-2, 2, n_steps + 1)[1:-1] + float(skew)
    if isinstance(given, Mapping):
        _refuse_unknown("thresholds=", given, instrument.item_ids)
        if item.id not in given:
            raise OptionError(f"thresholds= has no cuts for item '{item.id}'.")
        given = given[item.id]
    try:
        cuts = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(f"thresholds={given!r} must be numbers.") from None
    if cuts.shape != (n_steps - 1,) or not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        raise OptionError(
            f"thresholds={cuts.tolist()} do not fit item '{item.id}': its {n_steps} answers need "
            f"{n_steps - 1} increasing numbers."
        )
    return cuts


def _cluster_sizes(
    n: int, n_clusters: int | None, cluster_sizes: Sequence[int] | None
) -> NDArray[np.intp] | None:
    if cluster_sizes is None:
        if n_clusters is None:
            return None
        count = check_count("n_clusters", n_clusters)
        if count > n:
            raise OptionError(f"n_clusters={count} is more than the n={n} persons.")
        return np.full(count, n // count, dtype=np.intp) + (np.arange(count) < n % count)
    sizes = [check_count("cluster_sizes", size) for size in cluster_sizes]
    if n_clusters is not None and n_clusters != len(sizes):
        raise OptionError(f"n_clusters={n_clusters}, but cluster_sizes= has {len(sizes)} sizes.")
    if sum(sizes) != n:
        raise OptionError(f"cluster_sizes= add up to {sum(sizes)}, but n={n}.")
    return np.asarray(sizes, dtype=np.intp)


def _refuse_unknown(where: str, names: Any, known: Sequence[str], what: str = "item") -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OptionError(
            f"{where} names unknown {what}(s) {listed(unknown)}. The instrument has: "
            f"{listed(known, 30)}." + near(unknown[0], known)
        )


def _check_number(name: str, value: object) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.integer, np.floating))
        or not np.isfinite(value)
    ):
        raise OptionError(f"{name}={value!r} must be a finite number.")


def _check_share(name: str, value: object, *, closed: bool = False) -> None:
    _check_number(name, value)
    share = float(value)  # type: ignore[arg-type]
    if not 0 <= share <= 1 or (share == 1 and not closed):
        raise OptionError(f"{name}={value!r} must be from 0 to {'' if closed else 'below '}1.")


# -- drawing --------------------------------------------------------------------------------


def _draw_factors(
    model: _Model,
    n: int,
    clusters: NDArray[np.intp] | None,
    icc: float,
    waves: int,
    stability: float,
    change: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw factor scores, waves × persons in rows; their variance in each wave is 1."""
    k = len(model.factors)
    lasting = rng.standard_normal((n, k)) @ model.root.T
    parts = []
    for wave in range(waves):
        within = lasting
        if waves > 1:
            fresh = rng.standard_normal((n, k)) @ model.root.T
            within = np.sqrt(stability) * lasting + np.sqrt(1 - stability) * fresh
        parts.append(np.sqrt(1 - icc) * within + change * wave)
    if clusters is not None and icc:
        shared = rng.standard_normal((clusters.max() + 1, k)) @ model.root.T
        parts = [part + np.sqrt(icc) * shared[clusters] for part in parts]
    return np.vstack(parts)


def _draw_answers(
    instrument: Instrument,
    model: _Model,
    factors: FloatArray,
    cuts: Mapping[str, FloatArray],
    rng: np.random.Generator,
) -> FloatArray:
    """Turn factor scores into raw codes."""
    unique = rng.standard_normal((len(factors), len(instrument.items))) * model.unique_sd
    tendencies = factors @ model.loadings.T + unique
    codes = np.empty_like(tendencies)
    for j, item in enumerate(instrument.items):
        steps = np.searchsorted(cuts[item.id], tendencies[:, j])
        answers = instrument.response_set(item.id)
        if item.score_map is None:
            codes[:, j] = answers.max - steps if item.reverse else answers.min + steps
            continue
        scores = sorted({item.score_map[value] for value in answers.values})
        for step, score in enumerate(scores):
            here = steps == step
            choices = [value for value in answers.values if item.score_map[value] == score]
            codes[here, j] = rng.choice(choices, size=int(here.sum()))
    return codes
