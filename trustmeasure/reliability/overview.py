"""All coefficients of all scales in one table."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trustmeasure import _checks
from trustmeasure.errors import (
    ConvergenceError,
    DataError,
    DataWarning,
    OptionError,
    TrustMeasureWarning,
)
from trustmeasure.reliability.columns import COLUMNS, ScaleAnswers
from trustmeasure.reliability.greatest_bound import ENOUGH_PERSONS
from trustmeasure.reliability.sample import choose_sample
from trustmeasure.reliability.scored import is_scores
from trustmeasure.results import Notes, Result

_WHOLE = ("n", "n_dropped", "n_items", "tau_df")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ReliabilityTableResult(Result):
    """The reliability of several scales.

    Attributes
    ----------
    table : DataFrame, index the scale
        ``n`` and ``n_dropped`` persons, ``n_items``; ``mean`` and ``sd`` of the mean answer;
        ``alpha``, ``alpha_std`` (standardised); ``min_r_drop``, the smallest item–rest
        correlation; ``omega`` of one factor; ``lambda2``, ``lambda6``; ``split_max``,
        ``split_mean``, ``split_min``; ``glb`` from 1,000 persons on; ``sem``, the standard
        error of measurement of the mean answer by alpha; ``rmsea``, ``cfi``, ``srmr`` of one
        factor; ``tau_chisq``, ``tau_df``, ``tau_pvalue``, the test of equal loadings;
        ``ordinal_alpha`` and ``omega_categorical`` of items with at most 20 different
        answers; ``omega_hierarchical`` of a general factor behind three group factors, of
        scales of six items and more. Every coefficient is followed by its limits,
        ``alpha_ci_low`` and ``alpha_ci_high`` and so on.
    concerns : dict
        Scale → the assumptions that visibly fail.
    """

    title: ClassVar[str] = "Reliability of scales"

    table: pd.DataFrame
    concerns: Mapping[str, tuple[str, ...]]

    def to_frame(self) -> pd.DataFrame:
        """Give the table of scales."""
        return self.table.copy()


def reliability_table(
    data: Any,
    *,
    scales: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    ci: str = "feldt",
    conf_level: float = 0.95,
    n_boot: int | None = 500,
    rng: Any = None,
) -> ReliabilityTableResult:
    r"""Put the reliability of all scales together, one row a scale.

    Parameters
    ----------
    data : Scores, or DataFrame (pandas, Polars, PyArrow, …), or 2-D array
        Persons in rows, items keyed so that high means much. Each scale uses the persons who
        answered all of its items.
    scales : mapping of str to items, or sequence of str, optional
        Of a DataFrame, each scale's items; without it all columns are one scale, named
        ``all``. Of Scores, the scales to show; by default all.
    ci : {"feldt", "bonett", "asymptotic"}
        Interval of alpha; see `cronbach_alpha`.
    conf_level : float
        Confidence level of the intervals.
    n_boot : int or None
        Bootstrap replicates for the intervals that need them; 0 or None leaves these out.
        500 take about a second for a scale of 8 items of five points and 1,000 persons.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap, and of the random splits of scales of more than 16 items.

    Returns
    -------
    ReliabilityTableResult

    Raises
    ------
    DataError
        When no scale can be analysed, and for an unknown column.
    OptionError
        For an unknown scale, or an option that is not offered.

    Warns
    -----
    DataWarning
        Once for each scale whose coefficients rest on what visibly fails: an item that
        relates negatively to the rest; one factor that misses all three of COSMIN's criteria
        (CFI > .95, RMSEA < .06, SRMR < .08); loadings that differ by the likelihood-ratio
        test of essential tau-equivalence (p < .05), where alpha is at least .01 below omega.
    ConvergenceWarning
        What `mcdonald_omega` warns of.

    Notes
    -----
    Each cell equals that of `cronbach_alpha`, `mcdonald_omega`, `guttman_lambdas`,
    `split_half`, `glb`, `measurement_error`, `ordinal_alpha`, `categorical_omega` and
    ``mcdonald_omega(n_factors=3)`` on the scale alone. The fit of one factor
    equals ``lavaan::fitMeasures(lavaan::cfa(model, x))``; the test of equal loadings
    ``lavaan::lavTestLRT`` of that model and the one with all loadings equal. What a scale does
    not allow (omega of two items, the greatest lower bound of few persons) is NaN.

    The limits of alpha are analytic (``ci``), those of omega and of ordinal alpha too (delta
    method). All others come from resampled persons, drawn once for each scale:
    ``omega_categorical`` has percentiles as in its own function; the lambdas, split halves, the
    greatest lower bound, ``omega_hierarchical`` and standardised alpha normal limits of
    −ln(1 − r) less the bias of the replicates, as in `split_half`; the smallest item–rest
    correlation the same of Fisher's z, and the standard error of measurement of its logarithm.
    In simulations with 150 and 1,000 persons, limits of 95 % held the lambdas, standardised
    alpha and the standard error of measurement in 91 to 98 of 100 samples, and the smallest
    item–rest correlation in 77 to 92 (percentiles: in 8 to 94), least where all items are
    alike. Of the others `split_half`, `glb` and `mcdonald_omega` say how well they are covered.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*.
    Cambridge University Press. https://doi.org/10.1017/CBO9780511802843

    Prinsen, C. A. C., Mokkink, L. B., Bouter, L. M., et al. (2018). COSMIN guideline for
    systematic reviews of patient-reported outcome measures. *Quality of Life Research, 27*,
    1147–1157. https://doi.org/10.1007/s11136-018-1798-3

    Raykov, T., & Marcoulides, G. A. (2011). *Introduction to psychometric theory*. Routledge.
    https://doi.org/10.4324/9780203841624

    Examples
    --------
    >>> import trustmeasure as tm
    >>> responses = tm.read_responses(tm.example_path("spi_trust"), "spi-trust")
    >>> reliability = tm.reliability_table(tm.score(responses), n_boot=0)
    >>> reliability.table[["n", "alpha", "omega", "lambda2", "glb", "sem"]].round(2)
              n  alpha  omega  lambda2   glb   sem
    scale
    trust  4000   0.87   0.87     0.87  0.89  0.39
    >>> row = tm.reliability_table(tm.score(responses), rng=1).table.loc["trust"]
    >>> print(f"[{row['lambda2_ci_low']:.2f}, {row['lambda2_ci_high']:.2f}]")
    [0.86, 0.88]
    """
    _checks.check_option("ci", ci, ("feldt", "bonett", "asymptotic"))
    _checks.check_level("conf_level", conf_level)
    n_boot = _checks.check_count("n_boot", n_boot, least=2) if n_boot else 0
    generator = _checks.as_rng(rng)
    chosen = _chosen(data, scales)
    notes = Notes()

    rows: dict[str, dict[str, float]] = {}
    concerns: dict[str, tuple[str, ...]] = {}
    for name, items in chosen.items():
        options = {"ci": ci, "conf_level": conf_level, "n_boot": n_boot, "rng": generator}
        scale, dropped = _scale(data, name, items, options, notes)
        if scale is None:
            continue
        rows[name] = {"n": scale.sample.n, "n_dropped": dropped} | _filled(scale, notes)
        concerns[name] = tuple(scale.concerns)
        for message in scale.notes.messages():
            notes.record(f"Scale '{name}': {message}")
        if scale.concerns:
            notes.warn(f"Scale '{name}': {'; '.join(scale.concerns)}.")
    if not rows:
        raise DataError("No scale could be analysed. " + " ".join(notes.messages()))
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("scale")
    whole = [column for column in _WHOLE if table[column].notna().all()]
    if table["n"].min() < ENOUGH_PERSONS:
        notes.record(
            f"The greatest lower bound (glb) is given from {ENOUGH_PERSONS:,} persons on; in "
            "smaller samples it is too high."
        )
    return ReliabilityTableResult(
        n=int(table["n"].max()),
        n_dropped=int(table["n_dropped"].min()),
        table=table.astype(dict.fromkeys(whole, np.int64)),
        concerns=concerns,
        settings={
            "scales": {name: list(items) for name, items in chosen.items()},
            "ci": ci,
            "conf_level": conf_level,
            "n_boot": n_boot,
        },
        warnings=notes.messages(),
    )


def _chosen(data: Any, scales: Any) -> dict[str, list[str]]:
    """Give the items of each scale."""
    if is_scores(data):
        if isinstance(scales, Mapping):
            raise OptionError(
                "Scores know the items of their scales; pass scales=['…'] to choose among them."
            )
        wanted = [scales] if isinstance(scales, str) else scales or data.scale_ids
        unknown = [name for name in wanted if name not in data.scale_ids]
        if unknown:
            raise OptionError(
                f"scales= names {_checks.listed(unknown)}. Scales: "
                f"{_checks.listed(data.scale_ids)}." + _checks.near(unknown[0], data.scale_ids)
            )
        return {name: list(data.instrument.scale(name).items) for name in wanted}
    if scales is None:
        return {"all": list(_checks.as_items(data).names)}
    if not isinstance(scales, Mapping) or not scales:
        raise OptionError(
            "scales= of a DataFrame maps each scale to its items: "
            "scales={'trust': ['t1', 't2', 't3']}."
        )
    return {
        str(name): [items] if isinstance(items, str) else [str(item) for item in items]
        for name, items in scales.items()
    }


def _scale(
    data: Any,
    name: str,
    items: list[str],
    options: dict[str, Any],
    notes: Notes,
) -> tuple[ScaleAnswers | None, int]:
    """Prepare a scale; None, with a note, where its data allow nothing."""
    try:
        block = _checks.as_items(data, items=items, min_persons=3)
        own = Notes()
        sample = choose_sample(block, "listwise", own)
    except DataError as error:
        if _unknown(data, items):
            raise
        notes.warn(f"Scale '{name}' could not be analysed. {error}", DataWarning, stacklevel=4)
        return None, 0
    answers = pd.DataFrame(sample.values, columns=list(block.names))
    seed = int(options["rng"].integers(2**32))
    scale = ScaleAnswers(name=name, answers=answers, sample=sample, seed=seed, notes=own, **options)
    return scale, block.n_persons - sample.n


def _unknown(data: Any, items: list[str]) -> bool:
    """Whether the data lack a column, which is the caller's mistake and no scale's fault."""
    return not set(items) <= set(_checks.as_frame(data).columns)


def _filled(scale: ScaleAnswers, notes: Notes) -> dict[str, float]:
    """Fill all columns; what a scale does not allow is NaN."""
    for columns in COLUMNS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", TrustMeasureWarning)
            try:
                values = columns.fill(scale)
            except (DataError, ConvergenceError) as error:
                values = dict.fromkeys(columns.names, math.nan)
                scale.notes.record(f"{', '.join(columns.names)} are missing. {error}")
        scale.found.update({name: values[name] for name in columns.names})
        for warning in caught:
            # Items that relate negatively are among the scale's concerns already.
            if issubclass(warning.category, TrustMeasureWarning) and not issubclass(
                warning.category, DataWarning
            ):
                notes.warn(
                    f"Scale '{scale.name}': {warning.message}", warning.category, stacklevel=4
                )
    return dict(scale.found)
