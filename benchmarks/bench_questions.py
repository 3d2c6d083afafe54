"""What fitted models are asked, resampled and simulated for, beside lavaan and semopy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from peers import (
    EVERYTHING,
    ITEMS,
    MODEL,
    Row,
    best_of,
    fits_by_lavaan,
    reckoned,
    three_factors,
    time_r,
)

from trustmeasure.confirmatory import (
    bootstrap,
    cfa,
    compare_models,
    fit_cutoffs,
    growth,
    power,
    sem,
)

LAVAAN = ("lavaan",)
# Of resamples and simulations, so many of lavaan's are timed and the rest reckoned.
TIMED = 10
N_BOOT, N_POWER, N_CUTOFFS = 1000, 1000, 500


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    for n in (1000, 20_000):
        yield from _answers(n)
    yield from _ordered_answers()
    yield from _equalities()
    yield from _clusters()
    yield from _growth()
    yield from _indirect()
    yield from _simulations()


def _answers(n: int) -> Iterator[Row]:
    """Time what a model says of itself and of persons, once it is fitted."""
    data = three_factors(n)
    fitted = cfa(MODEL, data)
    name = f"ML, {n:,} x 20, 3 factors"
    scores = "lavPredict(f, se = 'standard')"
    ours_scores = best_of(fitted.factor_scores)
    for label, ours, call, note in (
        ("modification indices", best_of(fitted.modification_indices), "modindices(f)", ""),
        ("standardised residuals", best_of(lambda: fitted.residuals(kind="standardized")),
         "residuals(f, type = 'standardized')", ""),
        ("factor scores", ours_scores, scores, "with standard errors"),
    ):  # fmt: skip
        theirs = time_r(call, data, packages=LAVAAN, before=f"f <- cfa('{MODEL}', x)", calls=30)
        yield Row(f"{label}, {name}", ours, "lavaan", theirs, note=note)
    if find_spec("semopy") is not None:
        model = import_module("semopy").Model(MODEL)
        model.fit(data)
        theirs = best_of(lambda: model.predict_factors(data))
        yield Row(f"factor scores, {name}", ours_scores, "semopy", theirs, note="without errors")


def _ordered_answers() -> Iterator[Row]:
    data = three_factors(1000)
    fitted = cfa(MODEL, data, ordered=True)
    for label, ours, call, calls in (
        ("modification indices", best_of(fitted.modification_indices), "modindices(f)", 10),
        ("correlation residuals", best_of(lambda: fitted.residuals(kind="correlation")),
         "residuals(f, type = 'cor')", 50),
        ("factor scores", best_of(fitted.factor_scores), "lavPredict(f)", 1),
    ):  # fmt: skip
        before = f"f <- cfa('{MODEL}', x, ordered = TRUE)"
        theirs = time_r(call, data, packages=LAVAAN, before=before, calls=calls, runs=1)
        yield Row(f"{label}, WLSMV, 1,000 x 20, 3 factors", ours, "lavaan", theirs)


def _equalities() -> Iterator[Row]:
    """Time tests of what is held equal, and differences of scaled statistics."""
    data = three_factors(1000)
    grouped = data.assign(site=np.where(np.arange(len(data)) % 2, "north", "south"))
    fitted = cfa(MODEL, grouped, group="site", group_equal=["loadings", "intercepts"])
    same = f"cfa('{MODEL}', x, group = 'site', group.equal = c('loadings', 'intercepts'))"
    theirs = time_r("lavTestScore(f)", grouped, packages=LAVAAN, before=f"f <- {same}", runs=2)
    yield Row("score tests of 37 equalities, 1,000 x 20, 2 groups",
              best_of(fitted.score_tests), "lavaan", theirs)  # fmt: skip
    single = MODEL.replace("\nb", "\nb ~~ 0*c\nb")
    tasks: tuple[tuple[str, dict[str, Any], str, int], ...] = (
        ("MLR", {"estimator": "MLR"}, ", estimator = 'MLR'", 50),
        ("WLSMV", {"ordered": True}, ", ordered = TRUE", 3),
    )
    for estimator, options, arguments, calls in tasks:
        models = {"free": cfa(MODEL, data, **options), "uncorrelated": cfa(single, data, **options)}
        before = fits_by_lavaan((MODEL, single), arguments)
        ours = best_of(partial(compare_models, models))
        name = f"scaled difference of two models, {estimator}, 1,000 x 20"
        theirs = time_r("lavTestLRT(f1, f2)", data, packages=LAVAAN, before=before, calls=calls)
        yield Row(name, ours, "lavaan", theirs, note="ours shows that they are nested as well")
        if estimator == "MLR":
            theirs = time_r(
                "lavTestLRT(f1, f2); net(f1, f2)", data, packages=("lavaan", "semTools"),
                before=before, calls=2,
            )  # fmt: skip
            yield Row(name, ours, "semTools", theirs, note="lavTestLRT and net")


def _clusters() -> Iterator[Row]:
    """Time errors that allow for likeness within teams."""
    for n in (1000, 20_000):
        data = three_factors(n).assign(team=np.arange(n) % (n // 10))
        ours = best_of(partial(cfa, MODEL, data, cluster="team"))
        call = f"f <- cfa('{MODEL}', x, cluster = 'team'); {EVERYTHING}"
        theirs = time_r(call, data, packages=LAVAAN, runs=2)
        yield Row(f"cluster-robust, {n:,} x 20 in teams of 10", ours, "lavaan", theirs)


def _growth() -> Iterator[Row]:
    rng = np.random.default_rng(4)
    level, change = rng.normal(size=(2, 1000))
    waves = {f"t{k}": level + 0.3 * k * change + rng.normal(size=1000) for k in range(5)}
    data = pd.DataFrame(waves)
    model = "level =~ " + " + ".join(f"1*{wave}" for wave in waves)
    model += "\nchange =~ " + " + ".join(f"{k}*{wave}" for k, wave in enumerate(waves))
    theirs = time_r(f"f <- growth('{model}', x); {EVERYTHING}", data, packages=LAVAAN, calls=3)
    yield Row("growth, 1,000 x 5 waves", best_of(lambda: growth(model, data)), "lavaan", theirs)


def _indirect() -> Iterator[Row]:
    """Time the bootstrap of an indirect effect between latent variables."""
    data = three_factors(1000)
    model = f"{MODEL}\nb ~ p*a\nc ~ q*b + a\nindirect := p*q"
    fitted = sem(model, data)
    ours = best_of(lambda: bootstrap(fitted, n_boot=N_BOOT, rng=1), runs=2)
    call = f"parameterEstimates(sem('{model}', x, se = 'bootstrap', bootstrap = {TIMED}))"
    theirs = time_r(call, data, packages=LAVAAN, runs=1)
    yield Row(
        f"bootstrap of a latent indirect effect ({N_BOOT:,}), 1,000 x 20",
        ours,
        "lavaan",
        reckoned(theirs, N_BOOT / TIMED),
        note=f"lavaan's time from {TIMED} refits, the first fit included",
    )


def _simulations() -> Iterator[Row]:
    """Time power and cut-offs of fit by simulation; lavaan's loop is written out."""
    data = three_factors(1000)
    fitted = cfa(MODEL, data)
    before = f"""f <- cfa('{MODEL}', x, std.lv = TRUE); p <- parTable(f); p$ustart <- p$est
        again <- function(n, ask) for (i in 1:{TIMED})
            ask(cfa('{MODEL}', simulateData(p, sample.nobs = n), std.lv = TRUE))"""
    n_fits = N_CUTOFFS * len(ITEMS)
    for name, ours, call, times in (
        (f"power of each parameter at n = 400 ({N_POWER:,} samples)",
         best_of(lambda: power(fitted, 400, n_rep=N_POWER, rng=1), runs=2),
         "again(400, parameterEstimates)", N_POWER),
        (f"cut-offs of fit ({n_fits:,} samples)",
         best_of(lambda: fit_cutoffs(fitted, n_rep=N_CUTOFFS, rng=1), runs=2),
         "again(1000, fitMeasures)", n_fits),
    ):  # fmt: skip
        theirs = time_r(call, data, packages=LAVAAN, before=before, runs=1)
        note = f"a loop of simulateData and cfa; {TIMED} samples timed"
        yield Row(f"{name}, 20 items", ours, "lavaan", reckoned(theirs, times / TIMED), note=note)
