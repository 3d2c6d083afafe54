"""Adequacy and agreement of groups beside factor_analyzer, psych and multilevel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from factor_analyzer import calculate_bartlett_sphericity, calculate_kmo
from peers import Row, best_of, five_point_answers, time_r

from trustmeasure.agreement import group_icc, rwg, rwg_j
from trustmeasure.exploratory import bartlett_sphericity, kmo


def rows() -> Iterator[Row]:
    """Give the rows of the table; none of them has a target."""
    data = five_point_answers(1000, 20)
    psych, multilevel = ("psych",), ("multilevel",)
    for name, ours, theirs, call in (
        ("kmo", kmo, calculate_kmo, "KMO(x)"),
        ("bartlett_sphericity", bartlett_sphericity, calculate_bartlett_sphericity,
         "cortest.bartlett(cor(x), n = nrow(x))"),
    ):  # fmt: skip
        seconds = best_of(lambda f=ours: f(data))
        yield Row(
            f"{name}, 1,000 x 20", seconds, "factor_analyzer", best_of(lambda f=theirs: f(data))
        )
        yield Row(
            f"{name}, 1,000 x 20", seconds, "psych", time_r(call, data, packages=psych, calls=20)
        )
    items = list(data.columns)
    teams = data.assign(team=np.arange(1000) % 100, score=data.mean(axis=1))
    ours = best_of(lambda: rwg_j(teams, cluster="team", items=items, n_options=5))
    call = "rwg.j(x[1:20], x$team, ranvar = 2)"
    yield Row("rwg_j, 100 teams of 10, 20 items", ours, "multilevel",
              time_r(call, teams, packages=multilevel, calls=5))  # fmt: skip
    ours = best_of(lambda: group_icc(teams, cluster="team", value="score"))
    call = "m <- aov(score ~ factor(team), x); c(ICC1(m), ICC2(m))"
    yield Row("group_icc, 100 teams of 10", ours, "multilevel",
              time_r(call, teams, packages=multilevel, calls=20))  # fmt: skip
    ours = best_of(lambda: rwg(teams, cluster="team", item="q1", n_options=5))
    call = "rwg(x$q1, x$team, ranvar = 2)"
    yield Row("rwg, 100 teams of 10", ours, "multilevel",
              time_r(call, teams, packages=multilevel, calls=20))  # fmt: skip
