"""Reliability of whole scales: tables, bounds, retests, errors and short forms; psych, lavaan."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from math import comb

import numpy as np
import pandas as pd
import pingouin
from peers import Row, best_of, five_point_answers, reckoned, three_factors, time_r

from trustmeasure.exploratory import short_forms
from trustmeasure.reliability import (
    alpha_bounds,
    conditional_sem,
    cronbach_alpha,
    glb,
    measurement_error,
    reliability_by,
    reliability_table,
    test_retest,
)

PSYCH = ("psych", "GPArotation")
N_BOOT = 500
# Of resamples and of subsets in R, so many are timed and the rest reckoned.
TIMED = 5
SCALES = {
    name: [f"q{i}" for i in items]
    for name, items in (("a", range(1, 7)), ("b", range(8, 14)), ("c", range(15, 21)))
}
# What psych and lavaan have of a row of the table; psych's glb.fa for the greatest lower bound.
ROW = """
    row <- function(d) {
      model <- paste('f =~', paste(names(d), collapse = ' + '))
      alpha(d); splitHalf(d); guttman(d); omega(d, 3, plot = FALSE); alpha(polychoric(d)$rho)
      f <- cfa(model, d, std.lv = TRUE); compRelSEM(f); fitMeasures(f)
      equal <- paste('f =~', paste0('l*', names(d), collapse = ' + '))
      lavTestLRT(f, cfa(equal, d, std.lv = TRUE))
      compRelSEM(cfa(model, d, ordered = names(d), std.lv = TRUE)); glb.fa(cov(d))
    }
"""


# Scores, coefficients from mean squares with limits, correlation, bias and limits of agreement.
RETEST = """
    m <- cbind(rowMeans(x[1:6]), rowMeans(x[7:12])); n <- nrow(m); g <- mean(m)
    persons <- 2 * sum((rowMeans(m) - g)^2) / (n - 1); occasions <- n * sum((colMeans(m) - g)^2)
    error <- (sum((m - g)^2) - (n - 1) * persons - occasions) / (n - 1)
    f <- persons / error * c(1, 1 / qf(.975, n - 1, n - 1), qf(.975, n - 1, n - 1))
    (f - 1) / (f + 1); icc <- (persons - error) / (persons + error + 2 * (occasions - error) / n)
    a <- 2 * icc / (n * (1 - icc)); b <- 1 + 2 * icc * (n - 1) / (n * (1 - icc))
    df <- (a * occasions + b * error)^2 / ((a * occasions)^2 + (b * error)^2 / (n - 1))
    q <- c(qf(.975, n - 1, df), 1 / qf(.975, df, n - 1))
    n * (persons - q * error) / (q * (2 * occasions + (n - 2) * error) + n * persons)
    cor.test(m[, 1], m[, 2]); d <- m[, 2] - m[, 1]; t.test(d); mean(d) + c(-1.96, 1.96) * sd(d)
"""


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    for n in (1000, 20_000):
        yield from _table(n)
        answers = five_point_answers(n, 12)
        yield from _bound(answers)
        yield from _errors(answers)
        yield from _retest(n)
        yield from _by_groups(answers)
    yield from _short()


def _table(n: int) -> Iterator[Row]:
    data = three_factors(n)
    task = partial(reliability_table, data, scales=SCALES)
    sets = ", ".join(f"c({', '.join(repr(i) for i in items)})" for items in SCALES.values())
    packages = ("psych", "GPArotation", "lavaan", "semTools")
    call = f"for (items in list({sets})) row(x[items])"
    theirs = time_r(call, data, packages=packages, before=ROW, runs=1)
    yield Row(
        f"reliability_table without resampling, 3 scales of 6, {n:,} persons",
        best_of(partial(task, n_boot=0), runs=3),
        "psych, semTools",
        theirs,
        note="psych and lavaan for each coefficient; psych's glb.fa",
    )
    yield Row(
        f"reliability_table, limits from {N_BOOT} resamples, 3 scales of 6, {n:,} persons",
        best_of(partial(task, n_boot=N_BOOT, rng=1), runs=2),
        "psych, semTools",
        reckoned(theirs, N_BOOT + 1),
        note="as if the row above were run on each resample",
    )


def _bound(answers: pd.DataFrame) -> Iterator[Row]:
    name = f"glb, {len(answers):,} x {answers.shape[1]}"
    ours = best_of(lambda: glb(answers, ci=None))
    theirs = time_r("glb.fa(cov(x))", answers, packages=PSYCH, calls=5)
    yield Row(name, ours, "psych glb.fa", theirs, note="its bound is that of a factor model")
    theirs = time_r("glb.algebraic(cov(x))", answers, packages=("psych", "Rcsdp"), calls=5)
    yield Row(name, ours, "psych (Rcsdp)", theirs)
    call = f"for (i in 1:{TIMED}) glb.fa(cov(x[sample(nrow(x), replace = TRUE), ]))"
    theirs = time_r(call, answers, packages=PSYCH, runs=2)
    yield Row(
        f"glb, limits from {N_BOOT} resamples, {len(answers):,} x {answers.shape[1]}",
        best_of(lambda: glb(answers, n_boot=N_BOOT, rng=1), runs=2),
        "psych glb.fa",
        reckoned(theirs, N_BOOT / TIMED),
        note=f"a loop; {TIMED} resamples timed",
    )


def _errors(answers: pd.DataFrame) -> Iterator[Row]:
    """Time the errors of scores. No peer has those at each score, or bounds of alpha."""
    n = len(answers)
    yield Row(
        f"measurement_error by alpha, {n:,} x 12",
        best_of(lambda: measurement_error(answers, reliability=cronbach_alpha(answers))),
        "psych",
        time_r("sd(rowMeans(x)) * sqrt(1 - alpha(x)$total$raw_alpha)", answers, packages=PSYCH,
               calls=5),
    )  # fmt: skip
    yield Row(f"conditional_sem, {n:,} x 12", best_of(lambda: conditional_sem(answers)), "", None,
              note="no peer")  # fmt: skip
    holes = answers.mask(np.random.default_rng(2).random(answers.shape) < 0.05)
    task = partial(alpha_bounds, holes, response_range=(1, 5))
    yield Row(f"alpha_bounds, 5 % missing, {n:,} x 12", best_of(task, runs=3), "", None,
              note="no peer")  # fmt: skip


def _retest(n: int) -> Iterator[Row]:
    rng = np.random.default_rng(8)
    trait = rng.normal(size=(n, 1))
    before, after = (
        pd.DataFrame(
            np.clip(np.round(3 + 0.8 * trait + 0.8 * rng.normal(size=(n, 6)) + 0.1 * k), 1, 5),
            columns=[f"t{j}" for j in range(1, 7)],
        )
        for k in range(2)
    )
    ours = best_of(lambda: test_retest(before, after))
    scores = pd.DataFrame({"x": before.mean(axis=1), "y": after.mean(axis=1)})
    name = f"test_retest, {n:,} persons x 6 items"
    if n <= 1000:  # with 20,000 persons psych's analysis of variance takes minutes
        call = "ICC(x, lmer = FALSE); cor.test(x$x, x$y); t.test(x$y, x$x, paired = TRUE)"
        theirs = time_r(call, scores, packages=PSYCH, runs=2)
        yield Row(name, ours, "psych, R", theirs, note="of scores: ICC, cor.test and t.test")
        both = pd.concat([before.assign(time=1), after.assign(time=2)])
        both = both.assign(id=np.tile(np.arange(n), 2))
        theirs = time_r("testRetest(x)", both, packages=PSYCH, runs=1)
        yield Row(name, ours, "psych", theirs, note="testRetest, with components of variance")
    both = pd.concat([before.add_suffix("a"), after.add_suffix("b")], axis=1)
    theirs = time_r(RETEST, both, packages=("stats",), calls=20)
    yield Row(name, ours, "R", theirs, note="mean squares and limits by hand")
    long = scores.rename_axis("person").reset_index().melt("person", var_name="time")
    task = partial(
        pingouin.intraclass_corr, data=long, targets="person", raters="time", ratings="value"
    )
    yield Row(name, ours, "pingouin", best_of(task, runs=2, at_least=0.0), note="the ICCs alone")


def _by_groups(answers: pd.DataFrame) -> Iterator[Row]:
    grouped = answers.assign(site=np.arange(len(answers)) % 4)
    model = "f =~ " + " + ".join(answers.columns)
    call = f"""by(x[1:12], x$site, function(d) {{
        alpha(d); f <- cfa('{model}', d, std.lv = TRUE); compRelSEM(f) }})"""
    yield Row(
        f"reliability_by 4 groups: alpha and omega, {len(answers):,} x 12",
        best_of(lambda: reliability_by(grouped, by="site")),
        "psych, semTools",
        time_r(call, grouped, packages=("psych", "lavaan", "semTools"), runs=2),
        note="ours tests equal alphas and has the errors of omega",
    )


def _short() -> Iterator[Row]:
    bank = five_point_answers(1000, 14)
    wanted = 6
    subsets = list(itertools.islice(itertools.combinations(bank.columns, wanted), 3 * TIMED))
    names = ", ".join(f"c({', '.join(repr(i) for i in items)})" for items in subsets)
    call = f"""for (items in list({names})) {{
        f <- cfa(paste('f =~', paste(items, collapse = ' + ')), x, std.lv = TRUE)
        compRelSEM(f); fitMeasures(f, c('cfi', 'rmsea')); alpha(x[items])
        cor(rowSums(x[items]), rowSums(x)) }}"""
    theirs = time_r(call, bank, packages=("psych", "lavaan", "semTools"), runs=1)
    n = comb(len(bank.columns), wanted)
    yield Row(
        f"short_forms, all {n:,} subsets of 6 out of 14 items, 1,000 persons",
        best_of(lambda: short_forms(bank, n_items=wanted, holdout=0, rng=1), runs=2),
        "psych, lavaan",
        reckoned(theirs, n / len(subsets)),
        note=f"a loop over subsets; {len(subsets)} timed",
    )
    large = five_point_answers(1000, 30)
    task = partial(short_forms, large, n_items=8, rng=1)
    yield Row("short_forms by ants, 8 out of 30 items, 1,000 persons", best_of(task, runs=1), "",
              None, note="no peer at hand")  # fmt: skip
