"""Invariance of ordered items, over waves and over many groups, beside lavaan and semTools."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from peers import Row, best_of, fits_by_lavaan, three_factors, time_r

from trustmeasure.invariance import alignment, longitudinal_invariance, measurement_invariance

# The levels of ordered items, each written by semTools and fitted by lavaan.
LADDER = """
    equal <- c('thresholds', 'loadings', 'intercepts', 'residuals')
    fits <- lapply(0:4, function(k) {{
      text <- as.character(measEq.syntax(
        '{model}', data = x, ordered = items, parameterization = 'theta', ID.fac = 'std.lv',
        ID.cat = 'Wu.Estabrook.2016', group = 'site', group.equal = if (k) equal[1:k] else ''
      ))
      cfa(text, x, ordered = items, group = 'site', parameterization = 'theta', std.lv = TRUE)
    }})
    lapply(fits, fitMeasures)
    lavTestLRT(fits[[1]], fits[[2]], fits[[3]], fits[[4]], fits[[5]])
"""


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    yield from _ordered()
    yield from _waves()
    yield from _many_groups()


def _ordered() -> Iterator[Row]:
    model = "a =~ q1 + q2 + q3 + q4 + q5\nb =~ q8 + q9 + q10 + q11 + q12"
    items = [f"q{i}" for i in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12)]
    for n in (1000, 20_000):
        data = three_factors(n)[items]
        grouped = data.assign(site=np.where(np.arange(n) % 2, "north", "south"))
        task = partial(measurement_invariance, model, grouped, group="site", ordered=True)
        ours = best_of(task, runs=3)
        theirs = time_r(
            LADDER.format(model=model),
            grouped,
            packages=("lavaan", "semTools"),
            before="items <- setdiff(names(x), 'site')",
            runs=1,
        )
        name = f"invariance of ordered items, five levels, {n:,} x 10, 2 groups"
        yield Row(name, ours, "semTools", theirs, note="models written by semTools, lavaan's WLSMV")


def _waves() -> Iterator[Row]:
    """Give lavaan the very models that ours writes."""
    items = [f"t{j}" for j in range(1, 6)]
    model = "trust =~ " + " + ".join(items)
    columns = {item: [f"{item}_{wave}" for wave in range(3)] for item in items}
    for kind, arguments in (
        ("continuous", ", meanstructure = TRUE, std.lv = TRUE"),
        ("ordered", ", ordered = TRUE, parameterization = 'theta', std.lv = TRUE"),
    ):
        ordered = kind == "ordered"
        data = _answers_of_waves(1000, items, ordered=ordered)
        task = partial(
            longitudinal_invariance,
            model,
            data,
            columns=columns,
            wave=["1", "2", "3"],
            ordered=ordered or None,
        )
        fits = [fit.model for fit in task().fits.values()]
        differences = ", ".join(f"f{k}" for k in range(1, len(fits) + 1))
        call = f"{fits_by_lavaan(fits, arguments)}; lavTestLRT({differences})"
        theirs = time_r(call, data, packages=("lavaan",), runs=1)
        name = f"invariance over 3 waves, {len(fits)} levels, {kind}, 1,000 x 5 items"
        yield Row(name, best_of(task, runs=3), "lavaan", theirs)


def _answers_of_waves(n: int, items: list[str], *, ordered: bool) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    trust = rng.normal(size=n)
    found = {}
    for wave in range(3):
        if wave:
            trust = 0.2 + 0.7 * trust + 0.7 * rng.normal(size=n)
        for item in items:
            found[f"{item}_{wave}"] = 3 + 0.8 * trust + 0.8 * rng.normal(size=n)
    frame = pd.DataFrame(found)
    return frame.round().clip(1, 5) if ordered else frame


def _many_groups() -> Iterator[Row]:
    rng = np.random.default_rng(6)
    parts = []
    for site in range(10):
        trust = 0.1 * site + rng.normal(size=200)
        part = {f"t{j}": 3 + 0.8 * trust + 0.7 * rng.normal(size=200) for j in range(1, 6)}
        parts.append(pd.DataFrame(part).assign(site=f"s{site}"))
    data = pd.concat(parts, ignore_index=True)
    data.loc[data["site"] == "s3", "t4"] += 0.6
    model = "trust =~ t1 + t2 + t3 + t4 + t5"
    ours = best_of(lambda: alignment(model, data, group="site"), runs=3)
    yield Row("alignment, 10 groups of 200, 5 items", ours, "", None, note="no peer at hand")
