"""Models of ordered items: moments and their covariance, derivatives, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import parameter_table
from trustmeasure.confirmatory.ordinal.completion import (
    completed,
    explained_ordinal,
    standardised_ordinal,
)
from trustmeasure.confirmatory.ordinal.estimation import estimate_ordinal
from trustmeasure.confirmatory.ordinal.specification import specify_ordinal
from trustmeasure.kernels.ordinal_fit import (
    OrdinalModel,
    OrdinalSample,
    distance,
    fit_ordinal,
    score,
)
from trustmeasure.kernels.ordinal_moments import OrdinalMoments, ordinal_moments
from trustmeasure.kernels.ordinal_structure import ordinal_implied, ordinal_slopes
from trustmeasure.kernels.structural import implied, matrices

DATA = Path(__file__).parent.parent / "data"
ORDERED = ("y1", "y2", "y3", "m1", "m2", "o1")


def table(model: str, *, ordered: tuple[str, ...] = ORDERED, **options: Any) -> ParameterTable:
    options = {"categories": dict.fromkeys(ordered, 3), "fixed_x": False, **options}
    return parameter_table(parse_model(model), ordered=ordered, **options)


def answers(n: int, seed: int = 0) -> pd.DataFrame:
    """Three-point answers behind which lies one cause, and continuous variables."""
    rng = np.random.default_rng(seed)
    cause = rng.normal(size=n)
    frame = pd.DataFrame(
        {name: 0.7 * cause + rng.normal(size=n) for name in (*ORDERED, "x1", "x2", "x3")}
    )
    for place, name in enumerate(ORDERED):
        cuts = [-0.8 + 0.1 * place, 0.7 + 0.1 * place]
        frame[name] = np.searchsorted(cuts, frame[name]).astype(float)
    return frame


def moments_of(asked: ParameterTable, frame: pd.DataFrame) -> list[OrdinalMoments]:
    specification = specify_ordinal(asked)
    return [
        ordinal_moments(frame[list(block.observed)].to_numpy(), shape.categories)
        for block, shape in zip(specification.base.blocks, specification.shapes, strict=True)
    ]


def model_and_start(asked: ParameterTable, frame: pd.DataFrame) -> tuple[OrdinalModel, np.ndarray]:
    specification = specify_ordinal(asked)
    moments = moments_of(asked, frame)
    return specification.model(moments), specification.start(moments)


MEASURED = "f =~ y1 + y2 + y3 + x1\nx1 ~~ y2"
# Ordered variables that are causes and outcomes at once, and mean and scale free.
CHAIN = (
    "f =~ y1 + y2 + x1\nm1 ~ f + x2\nm2 ~ m1 + f\no1 ~ m2 + m1\nf ~ x2\n"
    "y1 ~*~ NA*y1\nm1 ~*~ NA*m1\ny1 ~ NA*1"
)
SCALED = "f =~ y1 + y2 + y3\ny1 ~~ NA*y1\ny2 ~ NA*1\nf ~ NA*1"


@pytest.mark.parametrize(
    ("model", "parameterization"),
    [
        (MEASURED, "delta"),
        (MEASURED, "theta"),
        (CHAIN, "delta"),
        (CHAIN.replace("y1 ~*~ NA*y1\nm1 ~*~ NA*m1", "m1 ~~ NA*m1"), "theta"),
        (SCALED, "theta"),
    ],
)
def test_derivatives_of_the_moments_are_differences(model: str, parameterization: str) -> None:
    asked = table(model, parameterization=parameterization)
    fitted, start = model_and_start(asked, answers(300))
    rng = np.random.default_rng(1)
    points = fitted.expand(start) + 0.1 * rng.uniform(-1, 1, size=(3, asked.n_free))
    layout = fitted.layouts[0]
    found = ordinal_slopes(layout, ordinal_implied(layout, points))
    assert np.isfinite(found).all()
    for j in range(asked.n_free):
        step = np.zeros(asked.n_free)
        step[j] = 1e-6
        after = ordinal_implied(layout, points + step).moments
        before = ordinal_implied(layout, points - step).moments
        assert found[..., j] == pytest.approx((after - before) / 2e-6, abs=2e-8)


def test_total_variances_of_ordered_causes_follow_from_their_scale() -> None:
    fitted, start = model_and_start(table(CHAIN), answers(300))
    layout = fitted.layouts[0]
    found = ordinal_implied(layout, fitted.expand(start) + 0.05)
    variables = layout.tied[1]
    assert len(variables) == 3
    assert np.diag(found.behind.spread)[variables] == pytest.approx(
        1 / found.delta[variables] ** 2, rel=1e-12
    )


@pytest.mark.parametrize("model", [MEASURED, CHAIN])
def test_a_completed_model_has_all_variances_and_shares(model: str) -> None:
    asked = table(model)
    specification = specify_ordinal(asked)
    fitted, start = model_and_start(asked, answers(300))
    parameters = fitted.expand(start)
    behind, values = completed(fitted, parameters)
    spread = implied(matrices(behind.layouts[0], values)).spread
    delta = ordinal_implied(fitted.layouts[0], parameters).delta
    ordered = specification.shapes[0].ordered
    assert np.diag(spread)[ordered] == pytest.approx(1 / delta[ordered] ** 2, rel=1e-12)
    std = standardised_ordinal(specification, fitted, parameters)
    shares = explained_ordinal(specification, fitted, parameters)[0]
    for row, value in zip(asked.parameters, std, strict=True):
        if row.op == "~~" and row.lhs == row.rhs and row.lhs in shares:
            assert shares[row.lhs] == pytest.approx(1 - value, abs=1e-12)


@pytest.mark.parametrize("estimator", ["ULS", "DWLS", "WLS"])
def test_the_gradient_is_that_of_half_the_distance(estimator: str) -> None:
    asked = table(MEASURED)
    frame = answers(300)
    moments = moments_of(asked, frame)[0]
    fitted, start = model_and_start(asked, frame)
    assert moments.spread is not None
    weight = {
        "ULS": None,
        "DWLS": 1 / moments.variances,
        "WLS": np.linalg.inv(np.linalg.cholesky(moments.spread)),
    }[estimator]
    sample = OrdinalSample(moments.moments[None], weight, 300, full=estimator == "WLS")
    point = start[None] + 0.1
    gradient, _ = score(fitted, [sample], point)
    for j in range(len(start)):
        step = np.zeros(len(start))
        step[j] = 1e-6
        after = distance(fitted, [sample], point + step)
        before = distance(fitted, [sample], point - step)
        assert gradient[0, j] == pytest.approx((after - before)[0] / 4e-6, rel=1e-5, abs=1e-7)


def test_a_stack_of_samples_is_fitted_as_each_alone() -> None:
    asked = table("f =~ y1 + y2 + y3 + o1")
    specification = specify_ordinal(asked)
    each = [moments_of(asked, answers(400, seed))[0] for seed in range(4)]
    model, start = specification.model(each[:1]), specification.start(each[:1])
    stack = OrdinalSample(
        np.stack([one.moments for one in each]),
        np.stack([1 / one.variances for one in each]),
        400,
    )
    together = fit_ordinal(model, [stack], start)
    assert together.converged.all()
    for place, one in enumerate(each):
        alone = fit_ordinal(model, [OrdinalSample(one.moments, 1 / one.variances, 400)], start)
        assert together.parameters[place] == pytest.approx(alone.parameters, abs=1e-6)
        assert together.chisq[place] == pytest.approx(float(alone.chisq), abs=1e-8)


def test_the_diagonal_alone_is_that_of_the_full_covariance() -> None:
    frame = answers(250)
    categories = np.array([3, 0, 3, 0, 3])
    values = frame[["y1", "x1", "y2", "x2", "m1"]].to_numpy()
    full = ordinal_moments(values, categories)
    lean = ordinal_moments(values, categories, full=False)
    assert lean.spread is None
    assert full.spread is not None
    assert lean.variances == pytest.approx(np.diag(full.spread), rel=1e-12)
    assert np.linalg.eigvalsh(full.spread)[0] > 0


def test_the_covariance_is_what_samples_vary_by() -> None:
    drawn = [
        ordinal_moments(answers(400, seed)[["y1", "y2", "x1"]].to_numpy(), np.array([3, 3, 0]))
        for seed in range(400)
    ]
    seen = 400 * np.cov(np.stack([one.moments for one in drawn]).T)
    expected = np.mean([one.spread for one in drawn], axis=0)
    # The standard error of a variance from 400 samples is 7 per cent.
    assert np.diag(seen) == pytest.approx(np.diag(expected), rel=0.25)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert seen / scale == pytest.approx(expected / scale, abs=0.25)


def test_an_empty_cell_of_two_answers_gets_half_a_person() -> None:
    counts = {(0, 0, 0): 20, (0, 0, 1): 10, (1, 0, 1): 12, (1, 1, 0): 5, (1, 1, 1): 13}
    values = np.repeat(np.array(list(counts), dtype=float), list(counts.values()), axis=0)
    found = ordinal_moments(values, np.array([2, 2, 2]))
    # lavaan 0.6-14: lavCor(x, ordered = TRUE), and diag(lavInspect(fit, "gamma")).
    correlations = [0.9117920335, 0.7230630795, 0.3092444955]
    assert found.moments[3:] == pytest.approx(correlations, abs=1e-7)
    variances = [1.570796327, 1.737114174, 1.596305565, 0.4672128775, 0.8865799236, 2.457696969]
    assert found.variances == pytest.approx(variances, rel=1e-6)
    assert found.vacant.tolist() == [1, 0, 0]
    assert found.converged.all()


def test_empty_categories_are_refused_with_their_group() -> None:
    asked = table("f =~ y1 + y2 + y3", ordered=("y1", "y2", "y3"), n_groups=2)
    frame = answers(200)
    first = frame[["y1", "y2", "y3"]].to_numpy()
    second = np.where(first == 2, 1, first)
    with pytest.raises(tm.DataError, match=r"empty in group 'team B'.*y1 \(number 3\)"):
        estimate_ordinal(asked, [first, second], group_labels=["team A", "team B"])


def test_items_that_determine_each_other_are_refused() -> None:
    frame = answers(200)
    values = frame[["y1", "y2", "y3"]].assign(y3=2 - frame["y1"]).to_numpy()
    asked = table("f =~ y1 + y2 + y3", ordered=("y1", "y2", "y3"))
    with pytest.raises(tm.DataError, match="1 or −1 for 'y1 with y3'"):
        estimate_ordinal(asked, [values])


def test_full_weights_need_more_persons_than_moments() -> None:
    asked = table("f =~ y1 + y2 + y3", ordered=("y1", "y2", "y3"))
    few = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 0, 1], [1, 1, 2], [2, 2, 0]], dtype=float)
    with pytest.raises(tm.DataError, match="estimator='WLSMV'"):
        estimate_ordinal(asked, [few], estimator="WLS")


def test_a_model_that_is_not_identified_is_told_apart() -> None:
    frame = answers(500)
    for model, identified in (("f =~ y1 + y2 + y3", True), ("f =~ NA*y1 + y2 + y3", False)):
        asked = table(model, ordered=("y1", "y2", "y3"))
        found = estimate_ordinal(asked, [frame[["y1", "y2", "y3"]].to_numpy()])
        assert found.identified is identified


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("f =~ y1 + y2 + y3\ny1 ~~ NA*y1", {}, "parameterization='theta'"),
        (
            "f =~ y1 + y2 + y3\ny1 ~*~ NA*y1",
            {"parameterization": "theta"},
            "Free the residual variance",
        ),
        ("f =~ y1 + y2 + y3\nf ~ x1", {"fixed_x": True}, "without conditioning"),
        ("f =~ y1 + y2 + x1\nx1 ~*~ 1*x1", {}, "not ordered"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    model: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(tm.OptionError, match=message):
        specify_ordinal(table(model, ordered=("y1", "y2", "y3"), **options))


def test_items_of_two_answers_are_fitted() -> None:
    frame = pd.read_csv(DATA / "hs1939.csv")
    names = [f"x{i}" for i in range(1, 7)]
    values = (frame[names] > frame[names].median()).to_numpy(dtype=float)
    asked = table(
        "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6",
        ordered=tuple(names),
        categories=dict.fromkeys(names, 2),
    )
    found = estimate_ordinal(asked, [values])
    assert found.converged
    assert found.df == 8
    assert found.scaled is not None
    # lavaan 0.6-14: cfa(model, x > median, ordered = TRUE), the scaled statistic.
    assert found.scaled.chisq == pytest.approx(15.15066511, rel=1e-6)
