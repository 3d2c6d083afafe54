"""Evidence of validity beside lavaan, semTools, psych, pingouin and plain R."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
import pingouin
from peers import (
    ITEMS,
    MODEL,
    Row,
    best_of,
    fits_by_lavaan,
    reckoned,
    three_factors,
    time_r,
)

from trustmeasure.confirmatory import cfa
from trustmeasure.theory import moderation
from trustmeasure.validity import (
    average_variance_extracted,
    composite_reliability,
    convergent_validity,
    criterion_validity,
    curvilinear,
    discriminant_validity,
    fornell_larcker,
    harman_single_factor,
    known_groups,
    marker_factor,
    method_factor,
    mtmm,
)

SEMTOOLS = ("lavaan", "semTools")
SCALES = ("trust", "safety", "drive", "care", "skill")
N_BOOT = 2000
# Of resamples in R, so many are timed and the rest reckoned.
TIMED = 50


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    for n in (1000, 20_000):
        data = three_factors(n)
        people = _people(n)
        yield from _groups(people)
        yield from _criterion(people)
        yield from _moderation(people)
        yield from _curve(people)
        yield from _traits_and_methods(data)
        yield from _factor_evidence(data)
    yield from _ordered_evidence()
    yield from _common_method()


def _people(n: int) -> pd.DataFrame:
    """Make scores on five scales, a role that shifts them, tenure, and what they bring about."""
    rng = np.random.default_rng(3)
    role = rng.integers(0, 3, n)
    shared = rng.normal(size=n) + 0.4 * role
    scores = {scale: 3 + 0.5 * shared + 0.6 * rng.normal(size=n) for scale in SCALES}
    frame = pd.DataFrame(scores)
    frame["tenure"] = rng.exponential(4, n)
    bend = -0.2 * (frame["trust"] - 3.5) ** 2 + 0.1 * frame["trust"] * frame["safety"]
    frame["uptake"] = bend + 0.05 * frame["tenure"] + rng.normal(size=n)
    return frame.assign(role=np.array(["new", "settled", "leading"])[role])


# What R has at once; d by hand, as no package for it is at hand.
GROUPS = """
    found <- lapply(c({scales}), function(s) {{
      y <- x[[s]]; g <- factor(x$role); parts <- split(y, g)
      tests <- list(oneway.test(y ~ g), anova(lm(y ~ g)), kruskal.test(y, g))
      combn(levels(g), 2, function(k) {{
        a <- parts[[k[1]]]; b <- parts[[k[2]]]; t <- t.test(b, a); n <- lengths(parts[k])
        spread <- sqrt(((n[1] - 1) * var(a) + (n[2] - 1) * var(b)) / (sum(n) - 2))
        {more}
        c(t$p.value, (mean(b) - mean(a)) / spread)
      }})
    }})
    p.adjust(unlist(lapply(found, function(f) f[1, ])), 'holm')
"""
# Limits of d from the noncentral t distribution, and of the area under the curve.
LIMITS = """
        t0 <- (mean(b) - mean(a)) / spread / sqrt(sum(1 / n)); df <- sum(n) - 2
        for (p in c(.025, .975))
          uniroot(function(nc) pt(t0, df, nc) - p, t0 + c(-6, 6), tol = 1e-10)
        ci.auc(roc(rep(0:1, n), c(a, b), direction = '<', quiet = TRUE))
"""


def _groups(people: pd.DataFrame) -> Iterator[Row]:
    frame = people[[*SCALES, "role"]]
    name = f"known_groups, 5 scales, {len(frame):,} persons in 3 groups"
    ours = best_of(lambda: known_groups(frame, by="role"))
    scales = ", ".join(f"'{scale}'" for scale in SCALES)
    call = GROUPS.format(scales=scales, more="")
    note = "tests and d by hand; ours also trims, and has limits of g, omega² and superiority"
    yield Row(name, ours, "R", time_r(call, frame, packages=("stats",), calls=5), note=note)
    call = GROUPS.format(scales=scales, more=LIMITS)
    theirs = time_r(call, frame, packages=("pROC",), calls=2)
    yield Row(name, ours, "R with pROC", theirs, note="with limits of d and of superiority")

    def pairs() -> None:
        for scale in SCALES:
            pingouin.welch_anova(frame, dv=scale, between="role")
            pingouin.anova(frame, dv=scale, between="role")
            pingouin.kruskal(frame, dv=scale, between="role")
            pingouin.pairwise_tests(
                frame, dv=scale, between="role", padjust="holm", effsize="hedges"
            )

    yield Row(name, ours, "pingouin", best_of(pairs, runs=3), note="tests and g, without limits")


def _criterion(people: pd.DataFrame) -> Iterator[Row]:
    frame = people.drop(columns="role")
    scales, n = list(SCALES), len(people)
    names = ", ".join(f"'{scale}'" for scale in SCALES)
    task = partial(criterion_validity, frame, criterion="uptake", scales=scales, reliability=0.8)
    call = f"""for (s in c({names})) {{ cor.test(x[[s]], x$uptake)
        cor.test(x[[s]], x$uptake, method = 'spearman', exact = FALSE) }}"""
    name = f"criterion_validity of 5 scales, {n:,} persons"
    ours = best_of(task)
    yield Row(name, ours, "R", time_r(call, frame, packages=("stats",), calls=20))

    def correlate() -> None:
        for scale in scales:
            pingouin.corr(frame[scale], frame["uptake"])
            pingouin.corr(frame[scale], frame["uptake"], method="spearman")

    yield Row(name, ours, "pingouin", best_of(correlate, runs=3))
    call = f"""for (s in c({names})) {{ a <- lm(uptake ~ tenure, x)
        b <- update(a, paste('. ~ . +', s)); anova(a, b); summary(b)
        boot(x, function(d, i) {{ e <- d[i, ]; summary(lm(formula(b), e))$r.squared -
          summary(lm(formula(a), e))$r.squared }}, R = {TIMED}) }}"""
    theirs = time_r(call, frame, packages=("boot",), runs=1)
    yield Row(
        f"incremental validity, bootstrap of the increment ({N_BOOT:,}), {n:,} persons",
        best_of(partial(task, covariates=["tenure"], n_boot=N_BOOT, rng=1), runs=2),
        "R with boot",
        reckoned(theirs, N_BOOT / TIMED),
        note=f"{TIMED} resamples timed",
    )


MODERATION = """
    d <- transform(x, trust = trust - mean(trust), safety = safety - mean(safety))
    m <- lm(uptake ~ trust * safety + tenure, d); summary(m); confint(m)
    b <- coef(m)[c(2, 5)]; V <- vcov(m)[c(2, 5), c(2, 5)]
    w <- c(-1, 0, 1) * sd(x$safety); slope <- b[1] + b[2] * w
    se <- sqrt(V[1, 1] + 2 * w * V[1, 2] + w^2 * V[2, 2])
    q <- qt(.975, m$df.residual)^2
    polyroot(c(b[1]^2 - q * V[1, 1], 2 * (b[1] * b[2] - q * V[1, 2]), b[2]^2 - q * V[2, 2]))
"""


def _moderation(people: pd.DataFrame) -> Iterator[Row]:
    frame = people.drop(columns="role")
    n = len(frame)
    task = partial(moderation, frame, "uptake", "trust", "safety", covariates="tenure")
    ours = best_of(task)
    name = f"moderation with regions, {n:,} persons"
    theirs = time_r(MODERATION, frame, packages=("stats",), calls=20)
    yield Row(name, ours, "R", theirs, note="lm; slopes and regions by hand")

    def regress() -> None:
        centred = frame[["trust", "safety"]] - frame[["trust", "safety"]].mean()
        design = centred.assign(
            product=centred["trust"] * centred["safety"], tenure=frame["tenure"]
        )
        pingouin.linear_regression(design, frame["uptake"])

    yield Row(name, ours, "pingouin", best_of(regress), note="coefficients alone")
    call = f"""boot(x, function(d, i) {{ e <- d[i, ]; e$trust <- e$trust - mean(e$trust)
        e$safety <- e$safety - mean(e$safety)
        coef(lm(uptake ~ trust * safety + tenure, e)) }}, R = {TIMED})"""
    theirs = time_r(call, frame, packages=("boot",), runs=1)
    yield Row(
        f"moderation, percentile bootstrap ({N_BOOT:,}), {n:,} persons",
        best_of(partial(task, ci="percentile", n_boot=N_BOOT, rng=1), runs=2),
        "R with boot",
        reckoned(theirs, N_BOOT / TIMED),
        note=f"{TIMED} resamples timed",
    )


# The quadratic with the slopes at both ends; the smooth curve and, twice, two lines.
CURVE = """
    m <- lm(uptake ~ trust + I(trust^2) + tenure, x); summary(m)
    V <- vcov(m)[2:3, 2:3]; ends <- range(x$trust)
    slope <- coef(m)[2] + 2 * coef(m)[3] * ends
    se <- sqrt(V[1, 1] + 4 * ends * V[1, 2] + 4 * ends^2 * V[2, 2])
    smooth <- gam(uptake ~ s(trust, bs = 'cr', k = 10) + tenure, data = x)
    curve <- predict(smooth, transform(x, tenure = mean(tenure)), se.fit = TRUE)
    inner <- x$trust > quantile(x$trust, .1) & x$trust < quantile(x$trust, .9)
    flat <- x$trust[inner][curve$fit[inner] + curve$se.fit[inner] > max(curve$fit[inner])]
    lines <- function(at) sapply(c(FALSE, TRUE), function(high) {
      up <- if (high) x$trust >= at else x$trust > at
      e <- with(x, data.frame(uptake, lo = (trust - at) * !up, hi = (trust - at) * up, up, tenure))
      fit <- lm(uptake ~ ., e); coeftest(fit, vcovHC(fit, 'HC3'))[2 + high, 3]
    })
    z <- abs(lines(median(flat)))
    lines(quantile(flat, z[2] / sum(z)))
"""


def _curve(people: pd.DataFrame) -> Iterator[Row]:
    frame = people.drop(columns="role")
    task = partial(curvilinear, "uptake", "trust", data=frame, covariates=["tenure"])
    theirs = time_r(CURVE, frame, packages=("mgcv", "sandwich", "lmtest"), calls=2, runs=2)
    name = f"curvilinear: quadratic, u-test, two lines, {len(frame):,} persons"
    yield Row(name, best_of(task), "R with mgcv", theirs, note="lm, gam and sandwich")


def _traits_and_methods(data: pd.DataFrame) -> Iterator[Row]:
    measures = {
        trait: {method: [f"q{i}" for i in list(items)[2 * k : 2 * k + 2]]
                for k, method in enumerate(("self", "peer", "lead"))}
        for trait, items in ITEMS.items()
    }  # fmt: skip
    keys = ", ".join(
        f"{trait}_{method} = c({', '.join(repr(item) for item in items)})"
        for trait, methods in measures.items()
        for method, items in methods.items()
    )
    yield Row(
        f"mtmm, 3 traits by 3 methods of 2 items, {len(data):,} persons",
        best_of(lambda: mtmm(data, measures)),
        "psych",
        time_r(f"scoreItems(list({keys}), x)", data, packages=("psych",), calls=3),
        note="scores, their correlations and alphas; ours counts the comparisons as well",
    )


def _factor_evidence(data: pd.DataFrame) -> Iterator[Row]:
    """Time what a fitted model says of its factors; fitting it is not timed."""
    fitted = cfa(MODEL, data)
    name = f"{len(data):,} x 20, 3 factors"
    before = f"f <- cfa('{MODEL}', x)"
    for label, task, call, calls, note in (
        ("convergent_validity", convergent_validity,
         "AVE(f); compRelSEM(f); standardizedSolution(f)", 5, "limits of loadings alone"),
        ("composite_reliability", composite_reliability, "compRelSEM(f)", 200, ""),
        ("average_variance_extracted", average_variance_extracted, "AVE(f)", 200, ""),
        ("fornell_larcker", fornell_larcker, "AVE(f); lavInspect(f, 'cor.lv')", 200, ""),
        ("discriminant_validity", discriminant_validity, "discriminantValidity(f)", 2, ""),
    ):  # fmt: skip
        theirs = time_r(call, data, packages=SEMTOOLS, before=before, calls=calls, runs=2)
        yield Row(f"{label}, {name}", best_of(partial(task, fitted)), "semTools", theirs, note=note)


def _ordered_evidence() -> Iterator[Row]:
    data = three_factors(1000)
    fitted = cfa(MODEL, data, ordered=True)
    before = f"f <- cfa('{MODEL}', x, ordered = TRUE)"
    for label, task, call, note in (
        ("convergent_validity", convergent_validity,
         "AVE(f); compRelSEM(f); standardizedSolution(f)", "limits of loadings alone"),
        ("discriminant_validity", discriminant_validity, "discriminantValidity(f)", ""),
    ):  # fmt: skip
        theirs = time_r(call, data, packages=SEMTOOLS, before=before, runs=2)
        name = f"{label}, WLSMV, 1,000 x 20, 3 factors"
        yield Row(name, best_of(partial(task, fitted), runs=3), "semTools", theirs, note=note)


def _common_method() -> Iterator[Row]:
    """Time factors of method; lavaan is given the very models that ours writes."""
    rng = np.random.default_rng(7)
    data = _answers_with_method(1000, rng)
    traits = {"trust": range(1, 7), "safety": range(7, 13)}
    model = "\n".join(f"{t} =~ " + " + ".join(f"q{i}" for i in own) for t, own in traits.items())
    marker = ["q13", "q14", "q15"]
    own = data.drop(columns=marker)
    for label, task, frame in (
        ("method_factor", partial(method_factor, model, own), own),
        ("marker_factor", partial(marker_factor, model, data, marker=marker), data),
    ):
        models = [fit.model for fit in task().fits.values()]
        theirs = time_r(
            fits_by_lavaan(models, ", std.lv = TRUE"), frame, packages=("lavaan",), runs=1
        )
        name = f"{label}, {len(models)} models, 1,000 x {frame.shape[1]}"
        yield Row(name, best_of(task, runs=3), "lavaan", theirs, note="the same models")
    yield Row(
        "harman_single_factor, 1,000 x 15",
        best_of(lambda: harman_single_factor(data)),
        "psych",
        time_r("fa(x, 1, fm = 'pa'); eigen(cor(x))", data, packages=("psych",), calls=10),
    )


def _answers_with_method(n: int, rng: np.random.Generator) -> pd.DataFrame:
    traits = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=n)
    method = rng.normal(size=(n, 1))
    weights = np.tile([1.2, 1.0, 0.8, 0.3, 1.3, 0.6], 2)
    behind = np.hstack([np.repeat(traits, 6, axis=1) * weights, np.zeros((n, 3))])
    taint = np.array([0.5, 0.7, 0.3, 0.9, 0.4, 0.6, 0.2, 0.8, 0.5, 0.4, 0.7, 0.3, 1.0, 0.9, 0.8])
    answers = behind + taint * method + rng.normal(size=(n, 15))
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(1, 16)])
