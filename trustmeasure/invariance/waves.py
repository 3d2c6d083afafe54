"""Measurement invariance over waves: the same persons, asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, check_option
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.invariance.climbing import ESTIMATORS, MIN_GROUP_SIZE, check_options, climb
from trustmeasure.invariance.designs import Measured, Row, latent_moments, quietly
from trustmeasure.invariance.levels import STANDARD, ladder
from trustmeasure.invariance.measurement import read_measurement
from trustmeasure.invariance.ordinal_ladders import ordinal_steps, ordinal_waves, wants_ordered
from trustmeasure.invariance.results import InvarianceResult
from trustmeasure.invariance.wide import Wide, from_columns, from_long
from trustmeasure.kernels.structural import matrices
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


def longitudinal_invariance(
    model: str,
    data: Any,
    *,
    wave: str | Sequence[Any] | None = None,
    respondent: str | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    levels: str | Sequence[str] | None = None,
    estimator: str | None = None,
    missing: str = "listwise",
    ordered: bool | Sequence[str] | None = None,
    parameterization: str | None = None,
    partial: str | Sequence[str] = (),
    residual_covariances: bool = True,
    criteria: str = "auto",
    cluster: str | None = None,
    min_group_size: int = MIN_GROUP_SIZE,
    thresholds: Any = None,
    conf_level: float = 0.95,
) -> InvarianceResult:
    r"""Ask on a ladder of models whether a scale measures the same at every wave.

    The measurement model of one wave is written out for all of them in one model of the wide
    data: factors of all waves covary, each item's residuals covary over waves, and what a level
    holds equal shares a label. Change of a mean is change of the factor only where intercepts
    are equal.

    Parameters
    ----------
    model : str
        Measurement model of one wave: lines with ``=~``, and ``~~`` between items, without
        modifiers.
    data : DataFrame, 2-D array, or Scores
        Long: one row a respondent and wave; or wide, with ``columns``.
    wave : str, or sequence
        Column with the wave; of Scores "wave" by default. Numbers, dates and categories in
        their order, texts in the order in which they come. With ``columns``, labels of the waves.
    respondent : str, optional
        Column that tells persons apart; "respondent" by default.
    columns : mapping, optional
        Of wide data: item of the model → its columns, in the order of the waves.
    levels, estimator, criteria, cluster, thresholds, conf_level
        As in `measurement_invariance`.
    missing : {"listwise", "fiml"}
        "listwise" keeps persons who answered everything at every wave; "fiml" uses all. With
        ``ordered`` "listwise" only.
    ordered, parameterization
        As in `measurement_invariance`; items are named as in the model. Every category must be
        answered at every wave.
    partial : str or sequence of str
        Parameters that stay free at every level, as ``"trust=~item2"``, ``"item3~1"``, or
        ``"item4|t2"`` (a threshold).
    residual_covariances : bool
        Let each item's residuals covary between waves.
    min_group_size : int
        Fewer persons than that at a wave are warned of.

    Returns
    -------
    InvarianceResult
        As `measurement_invariance`, the waves in the place of groups; differences of latent
        means are to the first wave. ``fits[level].model`` is the syntax that was written.

    Raises
    ------
    OptionError
        For models with more than ``=~`` and ``~~``, or with modifiers; unknown levels.
    DataError
        For unknown columns, one wave only, respondents twice in a wave, and categories of ordered
        items that are empty at a wave.

    Warns
    -----
    DataWarning, ConvergenceWarning
        As `measurement_invariance`.

    Notes
    -----
    Factors have variance 1 at the first wave and, once loadings are equal, free variances later;
    means 0, and, once intercepts are equal, free means later. Latent variances of all waves, with
    their covariances, are free otherwise. The baseline model of CFI is the usual one, in which
    nothing covaries and means are free, not one with equal means (Widaman & Thompson, 2003).

    Equals ``lavaan::cfa(wide_model, wide_data, meanstructure = TRUE, std.lv = TRUE)`` with the
    syntax of ``fits[level].model``; fit also equals that of ``semTools::measEq.syntax(...,
    longFacNames = , ID.fac = "std.lv", auto = "all")``. Ordered items are identified as in
    `measurement_invariance`, the first wave in the place of the first group; the fit then equals
    that of ``measEq.syntax(..., ID.cat = "Wu.Estabrook.2016", long.equal = c("thresholds", ...),
    auto = "all")``.

    References
    ----------
    Liu, Y., Millsap, R. E., West, S. G., Tein, J.-Y., Tanaka, R., & Grimm, K. J. (2017). Testing
    measurement invariance in longitudinal data with ordered-categorical measures.
    *Psychological Methods, 22* (3), 486–506. https://doi.org/10.1037/met0000075

    Widaman, K. F., & Thompson, J. S. (2003). On specifying the null model for incremental fit
    indices in structural equation modeling. *Psychological Methods, 8* (1), 16–37.
    https://doi.org/10.1037/1082-989X.8.1.16

    Wu, H., & Estabrook, R. (2016). Identification of confirmatory factor analysis models of
    different levels of invariance for ordered categorical outcomes. *Psychometrika, 81* (4),
    1014–1045. https://doi.org/10.1007/s11336-016-9506-0

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(3)
    >>> n, parts = 500, []
    >>> before = rng.normal(size=n)
    >>> after = 0.4 + 0.7 * before + 0.7 * rng.normal(size=n)
    >>> for when, trust in ((1, before), (2, after)):
    ...     part = {f"t{j}": 3 + 0.8 * trust + 0.8 * rng.normal(size=n) for j in range(1, 5)}
    ...     parts.append(pd.DataFrame(part).assign(person=range(n), wave=when))
    >>> result = tm.longitudinal_invariance(
    ...     "trust =~ t1 + t2 + t3 + t4", pd.concat(parts), wave="wave", respondent="person",
    ... )
    >>> result.table["df"].tolist()
    [15, 18, 21, 25]
    >>> bool(0.2 < result.latent_means["d"].iloc[0] < 0.6)
    True
    """
    check_options(criteria, min_group_size, conf_level)
    ordinal = wants_ordered(ordered, parameterization)
    scaling, chosen = "", "ML" if estimator is None else estimator
    if ordinal:
        steps, scaling = ordinal_steps(levels, parameterization)
    else:
        steps = ladder(STANDARD if levels is None else levels)
        check_option("estimator", chosen, ESTIMATORS)
    factors, pairs = read_measurement(model)
    items = list(dict.fromkeys(item for own in factors.values() for item in own))
    notes = Notes()
    keep = [cluster] if cluster is not None else []
    if columns is not None:
        if isinstance(wave, str) or respondent is not None:
            raise OptionError(
                "columns= is for wide data, in which no column holds the wave or the respondent; "
                "wave= then gives the waves' labels."
            )
        wide = from_columns(data, items, columns, wave)
    else:
        wide = from_long(
            data, items, wave=_column(data, "wave", wave),
            respondent=_column(data, "respondent", respondent), keep=keep, notes=notes,
        )  # fmt: skip
    released = (partial,) if isinstance(partial, str) else tuple(partial)
    design: Any
    if ordinal:
        design = ordinal_waves(
            factors, pairs, wide, ordered=ordered, parameterization=scaling, released=released,
            residual_covariances=residual_covariances, estimator=estimator, missing=missing,
            cluster=cluster, conf_level=conf_level,
        )  # fmt: skip
    else:
        design = WaveDesign(
            wide=wide,
            pairs=pairs,
            factors=factors,
            residual_covariances=residual_covariances,
            options={
                "estimator": chosen, "missing": missing, "cluster": cluster, "std_lv": True,
                "conf_level": conf_level,
            },
            released=released,
        )  # fmt: skip
        design.check(design.released)
    return climb(
        design, steps, criteria=criteria, thresholds=thresholds, min_size=min_group_size,
        conf_level=conf_level, settings={"model": model, "wave": wave}, earlier=notes.messages(),
    )  # fmt: skip


def _column(data: Any, role: str, given: Any) -> str:
    """Name the column of a role: what was given, or the role's own name if there is such."""
    if isinstance(given, str):
        return given
    if given is not None:
        raise OptionError(f"{role}= must name a column of long data; found {given!r}.")
    if role in as_frame(data).columns:
        return role
    raise OptionError(
        f"Name the column of the {role} with {role}=, or, where each item has a column for each "
        "wave, give columns=."
    )


@dataclass(frozen=True)
class WaveDesign:
    """Waves of the same persons, in wide data."""

    wide: Wide
    pairs: Sequence[tuple[str, str]]
    factors: Mapping[str, tuple[str, ...]]
    residual_covariances: bool
    options: Mapping[str, Any]
    released: tuple[str, ...] = ()
    kind: str = "wave"

    @property
    def labels(self) -> tuple[Any, ...]:
        """Labels of the waves, in order."""
        return self.wide.labels

    @property
    def _items(self) -> list[str]:
        return list(dict.fromkeys(item for own in self.factors.values() for item in own))

    def check(self, released: Sequence[str]) -> None:
        """Refuse names of parameters that the model does not have."""
        known = [f"{f}=~{item}" for f, own in self.factors.items() for item in own]
        known += [name for item in self._items for name in (f"{item}~1", f"{item}~~{item}")]
        for name in released:
            check_option("partial", "".join(name.split()), known)

    def fit(self, equal: Sequence[str], released: Sequence[str]) -> StructuralModel:
        """Fit the model with classes of parameters equal over waves, single ones released."""
        gone = {"".join(name.split()) for name in (*self.released, *released)} if equal else set()
        return quietly(
            self.syntax(equal, gone), self.wide.frame, meanstructure=True, **self.options
        )

    def syntax(self, equal: Sequence[str], released: set[str]) -> str:
        """Write the model of all waves."""
        lines = []
        for place, end in enumerate(self.wide.suffixes):
            lines += self._measurement(place, end, equal, released)
        if self.residual_covariances:
            for item in self._items:
                lines += [f"{a} ~~ {b}" for a, b in combinations(self.wide.columns[item], 2)]
        return "\n".join(lines)

    def _measurement(
        self, place: int, end: str, equal: Sequence[str], released: set[str]
    ) -> list[str]:
        """Write one wave's part."""
        lines, items = [], self._items
        column = {item: self.wide.columns[item][place] for item in items}
        for f, (factor, own) in enumerate(self.factors.items(), start=1):
            terms = []
            for item in own:
                shared = "loadings" in equal and f"{factor}=~{item}" not in released
                label = f"load_{f}_{items.index(item) + 1}*" if shared else ""
                terms.append(f"{label}{column[item]}")
            name = f"{factor}.{end}"
            lines.append(f"{name} =~ {' + '.join(terms)}")
            if place and "loadings" in equal and "lv.variances" not in equal:
                lines.append(f"{name} ~~ NA*{name}")
            if place and "intercepts" in equal and "means" not in equal:
                lines.append(f"{name} ~ NA*1")
        for j, item in enumerate(items, start=1):
            if "intercepts" in equal and f"{item}~1" not in released:
                lines.append(f"{column[item]} ~ int_{j}*1")
            if "residuals" in equal and f"{item}~~{item}" not in released:
                lines.append(f"{column[item]} ~~ res_{j}*{column[item]}")
        lines += [f"{column[a]} ~~ {column[b]}" for a, b in self.pairs]
        return lines

    def rows(self, fitted: StructuralModel) -> dict[Row, int]:
        """Give the row of the table of each (name, wave)."""
        return self.wide.rows(fitted.fitted.specification.table.parameters, self.factors)

    def measured(self, fitted: StructuralModel, points: FloatArray) -> list[Measured]:
        """Give each wave's parameters."""
        kept = fitted.fitted
        block, group = kept.specification.blocks[0], kept.samples.groups[0]
        parts = matrices(kept.estimates.model.layouts[0], points)
        level, latent = latent_moments(parts)
        mean, spread = kept.data.saturated[0]
        found = []
        for place, end in enumerate(self.wide.suffixes):
            names = [self.wide.columns[item][place] for item in self._items]
            rows = [block.observed.index(name) for name in names]
            own = [block.latent.index(f"{factor}.{end}") for factor in self.factors]
            n = group.n
            if group.values is not None:
                n = int((~np.isnan(group.values[:, rows])).any(axis=1).sum())
            found.append(
                Measured(
                    items=tuple(self._items),
                    factors=tuple(self.factors),
                    loadings=parts["lambda"][..., rows, :][..., own],
                    intercepts=parts["nu"][..., rows],
                    level=level[..., own],
                    spread=latent[..., own, :][..., own],
                    deviations=np.sqrt(np.diag(spread)[rows] * group.n / (group.n - 1)),
                    means=mean[rows],
                    n=n,
                )
            )
        return found


__all__ = ["WaveDesign", "longitudinal_invariance"]
