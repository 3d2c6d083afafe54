"""Confirmatory models beside lavaan and semopy: 20 five-point items of three factors."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pandas as pd
from peers import EVERYTHING, ITEMS, MODEL, Row, best_of, three_factors, time_r

from trustmeasure.confirmatory import bootstrap, cfa
from trustmeasure.invariance import measurement_invariance
from trustmeasure.theory import mediation
from trustmeasure.validity import htmt

TEAMS = "fa =~ q1 + q2 + q3 + q4\nfb =~ q5 + q6 + q7 + q8"


def persons_in_teams(n: int, *, seed: int = 2) -> pd.DataFrame:
    """Make answers of ``n`` persons in teams of unequal size, two factors on each level."""
    rng = np.random.default_rng(seed)
    team = np.sort(np.append(np.arange(120), rng.integers(0, 120, n - 120)))
    items = {}
    within, between = rng.normal(size=(n, 2)), 0.5 * rng.normal(size=(120, 2))
    for i in range(8):
        own = 0.8 * within[:, i // 4] + 0.6 * rng.normal(size=n)
        shared = between[:, i // 4] + 0.25 * rng.normal(size=120)
        items[f"q{i + 1}"] = own + shared[team]
    return pd.DataFrame(items).assign(team=team)


def semopy_seconds(data: pd.DataFrame) -> float | None:
    """Time semopy's ML with errors, standardised values and indices; None where it is missing."""
    if find_spec("semopy") is None:
        return None
    import semopy

    def theirs() -> None:
        model = semopy.Model(MODEL)
        model.fit(data)
        model.inspect(std_est=True)
        semopy.calc_stats(model)

    return best_of(theirs)


N_BOOT = 1000
# Of lavaan's bootstrap, this many refits are timed and the rest reckoned.
TIMED = 20


def with_holes(data: pd.DataFrame, share: float, *, seed: int = 3) -> pd.DataFrame:
    """Leave out a share of the answers at random."""
    rng = np.random.default_rng(seed)
    return data.mask(rng.random(data.shape) < share)


def continuous() -> Iterator[Row]:
    """Time models of continuous items: errors, indices and standardised values included."""
    model = MODEL.replace("\n", "; ")
    for n in (1000, 20000):
        data = three_factors(n)
        holes = with_holes(data, 0.05)
        name = f"{n:,} x 20, 3 factors"
        tasks = (
            ("ML", data, {}, "", 5),
            ("MLR", data, {"estimator": "MLR"}, ", estimator = 'MLR'", 10),
            ("FIML, 5 % missing", holes, {"missing": "fiml"}, ", missing = 'fiml'", 8),
        )
        for label, frame, options, arguments, target in tasks:
            ours = best_of(lambda frame=frame, options=options: cfa(MODEL, frame, **options))
            slow = "missing" in options
            theirs = time_r(
                f"f <- cfa('{model}', x{arguments}); {EVERYTHING}",
                frame,
                packages=("lavaan",),
                calls=1 if slow else 3,
                runs=1 if slow else 3,
            )
            yield Row(f"{label}, {name}", ours, "lavaan", theirs, target)
            if label == "ML":  # semopy has neither MLR nor WLSMV, and its FIML fails here
                yield Row(f"{label}, {name}", ours, "semopy", semopy_seconds(frame), target)
        fitted = cfa(MODEL, data)
        ours = best_of(lambda fitted=fitted: bootstrap(fitted, n_boot=N_BOOT, rng=1), runs=1)
        theirs = time_r(
            f"bootstrapLavaan(cfa('{model}', x), R = {TIMED})", data, packages=("lavaan",), runs=1
        )
        yield Row(
            f"bootstrap, {N_BOOT:,} refits, {name}",
            ours,
            "lavaan",
            None if theirs is None else theirs / TIMED * N_BOOT,
            note=f"promised: under 20 s; lavaan's time from {TIMED} refits",
        )


def ordered() -> Iterator[Row]:
    """Time WLSMV: robust errors, scaled statistics, indices and standardised values."""
    model = MODEL.replace("\n", "; ")
    for n, target in ((1000, 8), (20000, 15)):
        data = three_factors(n)
        theirs = time_r(
            f"f <- cfa('{model}', x, ordered = TRUE); {EVERYTHING}",
            data,
            packages=("lavaan",),
            calls=2 if n == 1000 else 1,
        )
        ours = best_of(lambda data=data: cfa(MODEL, data, ordered=True))
        yield Row(f"WLSMV, {n:,} x 20, 3 factors", ours, "lavaan", theirs, target)


def levels() -> Iterator[Row]:
    """Time a model of persons and of their teams."""
    data = persons_in_teams(1000)
    both = "\n".join(f"level: {k}\n" + TEAMS.replace("f", f"f{k}") for k in (1, 2))
    ours = best_of(lambda: cfa(both, data, cluster="team"))
    call = f"f <- cfa('{both}', x, cluster = 'team'); {EVERYTHING}"
    theirs = time_r(call, data, packages=("lavaan",), calls=1)
    yield Row("two levels, 1,000 x 8 in 120 teams", ours, "lavaan", theirs)


def questions() -> Iterator[Row]:
    """Time what is asked with several models, or many times."""
    data = three_factors(1000)
    model = MODEL.replace("\n", "; ")
    grouped = data.assign(site=np.where(np.arange(len(data)) % 2, "north", "south"))
    steps = ("'none'", "'loadings'", "c('loadings', 'intercepts')",
             "c('loadings', 'intercepts', 'residuals')")  # fmt: skip
    fits = "; ".join(
        f"f{k} <- cfa('{model}', x, group = 'site', group.equal = {equal})"
        for k, equal in enumerate(steps)
    )
    indices = "; ".join(f"fitMeasures(f{k})" for k in range(4))
    yield Row(
        "invariance of 2 groups, four levels, 1,000 x 20",
        best_of(lambda: measurement_invariance(MODEL, grouped, group="site")),
        "lavaan",
        time_r(f"{fits}; {indices}; lavTestLRT(f0, f1, f2, f3)", grouped, packages=("lavaan",)),
    )
    scales = {name: [f"q{i}" for i in items] for name, items in ITEMS.items()}
    yield Row(
        "HTMT, 1,000 x 20, no interval",
        best_of(lambda: htmt(data, scales, ci=None)),
        "semTools",
        time_r(f"htmt('{model}', data = x)", data, packages=("semTools",), calls=3),
    )
    path = data.rename(columns={"q1": "x", "q8": "m", "q15": "y"})[["x", "m", "y"]]
    yield Row(
        "mediation, 5,000 bootstrap samples, 1,000 persons",
        best_of(lambda: mediation(path, "x", "m", "y", n_boot=5000, rng=1)),
        "psych",
        time_r("mediate(y ~ x + (m), data = x, n.iter = 5000, plot = FALSE)", path,
               packages=("psych",), runs=1),
    )  # fmt: skip


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    yield from continuous()
    yield from ordered()
    yield from levels()
    yield from questions()
