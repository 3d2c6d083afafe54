"""Arithmetic in labels: values, gradients, linearity, and what is refused."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustmeasure.confirmatory.language.expressions import FUNCTIONS, Expression, parse_expression
from trustmeasure.errors import OptionError

PLACES = {"a": 0, "b": 1, "c": 2}


def resolved(text: str) -> Expression:
    return parse_expression(text).resolved(PLACES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 - 3 - 4", -5),
        ("2 / 4 / 2", 0.25),
        ("2 ^ 3 ^ 2", 512),
        ("2 ** 3", 8),
        ("-2 ^ 2", -4),
        ("2 ^ -1", 0.5),
        ("--2", 2),
        ("+3", 3),
        ("2 * -3", -6),
        ("1e-2 + .5", 0.51),
        ("pi", math.pi),
        ("exp(log(3))", 3),
        ("sqrt(16) + abs(-2) + sin(0) + cos(0) + tan(0) + log10(100)", 9),
    ],
)
def test_arithmetic_is_that_of_r(text: str, expected: float) -> None:
    value, gradient = parse_expression(text).evaluate(np.zeros(3))
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_array_equal(gradient, np.zeros(3))


SMOOTH = [
    "a", "a + b", "a - 2 * b + 1", "a * b", "a * b * c", "a / b", "a * b / (a * b + c)",
    "a ^ 2", "a ^ b", "2 ^ a", "-a ^ 2", "exp(a * b)", "log(a + b)", "log10(c)", "sqrt(a * c)",
    "abs(a - b)", "sin(a) * cos(b)", "tan(c)", "(a + b) / (a - c) - exp(-b)", "a * 3 + 4 / b",
]  # fmt: skip


@pytest.mark.parametrize("text", SMOOTH)
def test_gradients_are_those_of_differences(text: str) -> None:
    expression = resolved(text)
    point = np.array([0.7, 1.3, 0.4])
    value, gradient = expression.evaluate(point)
    step = 1e-6
    rises = [
        (expression.evaluate(point + d)[0] - expression.evaluate(point - d)[0]) / (2 * step)
        for d in step * np.eye(3)
    ]
    # Central differences are good to about step² and rounding divided by the step.
    np.testing.assert_allclose(gradient, rises, atol=1e-8)
    assert value == pytest.approx(
        eval(
            text.replace("^", "**"),
            {
                **{name: getattr(math, name, abs) for name in FUNCTIONS},
                "a": 0.7,
                "b": 1.3,
                "c": 0.4,
            },
        ),
        rel=1e-13,
    )


@pytest.mark.parametrize("text", [*SMOOTH, "1 + 2"])
def test_many_sets_of_parameters_are_evaluated_at_once(text: str) -> None:
    expression = resolved(text)
    points = np.random.default_rng(5).uniform(0.3, 1.5, size=(4, 7, 3))
    values, gradients = expression.evaluate(points)
    assert values.shape == (4, 7)
    assert gradients.shape == (4, 7, 3)
    one, slope = expression.evaluate(points[2, 5])
    assert one.shape == ()
    np.testing.assert_allclose(values[2, 5], one, rtol=1e-14)
    np.testing.assert_allclose(gradients[2, 5], slope, rtol=1e-14)


def test_what_is_not_defined_is_not_a_number_and_does_not_warn() -> None:
    assert np.isnan(resolved("sqrt(a)").evaluate(np.array([-1.0, 0, 0]))[0])
    assert np.isinf(resolved("b / a").evaluate(np.array([0.0, 1, 0]))[0])


def test_powers_of_negative_values_have_a_slope() -> None:
    value, gradient = resolved("a ^ 2").evaluate(np.array([-3.0, 0, 0]))
    assert (value, gradient[0]) == (9, -6)


def test_names_become_values_and_earlier_expressions() -> None:
    first = resolved("a * b")
    second = parse_expression("first / total + fixed").resolved(
        {**PLACES, "first": first, "total": parse_expression("first + c").resolved(
            {**PLACES, "first": first}), "fixed": 0.25}
    )  # fmt: skip
    value, _ = second.evaluate(np.array([2.0, 3.0, 4.0]))
    assert value == pytest.approx(6 / 10 + 0.25)
    assert second.names == ()
    assert second.places == (0, 1, 2)


def test_quoted_names_are_names() -> None:
    assert parse_expression("'a' * \"b\"").names == ("a", "b")


@pytest.mark.parametrize(
    ("text", "slopes", "constant"),
    [
        ("a", (1, 0, 0), 0),
        ("2 * a - b / 4 + 3", (2, -0.25, 0), 3),
        ("(a + b) * 2 ^ 3", (8, 8, 0), 0),
        ("-(a - c) + sqrt(4)", (-1, 0, 1), 2),
        ("a - a", (0, 0, 0), 0),
        ("exp(a - a)", (0, 0, 0), 1),
        ("3 * (2 + 1)", (0, 0, 0), 9),
    ],
)
def test_linear_expressions_are_recognised(
    text: str, slopes: tuple[float, ...], constant: float
) -> None:
    found = resolved(text).linear(3)
    assert found is not None
    np.testing.assert_allclose(found[0], slopes, atol=1e-15)
    assert found[1] == pytest.approx(constant)


@pytest.mark.parametrize("text", ["a * b", "a / b", "a ^ 2", "exp(a)", "1 / a", "2 ^ a", "abs(b)"])
def test_other_expressions_are_not_linear(text: str) -> None:
    assert resolved(text).linear(3) is None


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("a +", 4, "found the end of the model where a number or label was expected"),
        ("a * * b", 5, r"found '\*' where a number or label was expected"),
        ("(a + b", 1, "this parenthesis is never closed"),
        ("a + b)", 6, "this parenthesis was never opened"),
        ("exp(a, b)", 6, "takes one argument"),
        ("a b", 3, "found 'b' where an arithmetic sign"),
        ("expp(a)", 1, "'expp' is not a function that is offered.*Did you mean 'exp'"),
        ("", 1, "found the end of the model"),
        ("a + #", 6, "found the end of the model"),
    ],
)
def test_errors_point_at_the_place(text: str, column: int, said: str) -> None:
    with pytest.raises(OptionError, match=said) as caught:
        parse_expression(text)
    assert f"Line 1, column {column} of the model" in str(caught.value)


def test_unknown_names_are_errors_with_names_like_them() -> None:
    with pytest.raises(OptionError, match=r"column 5 .*'indirekt'.*Did you mean 'indirect'") as e:
        parse_expression("1 + indirekt").resolved({"indirect": 0, ".p1.": 0})
    assert str(e.value).endswith("\n    1 + indirekt\n        ^")


def test_an_unresolved_expression_has_no_value() -> None:
    with pytest.raises(OptionError, match="'a' has no value yet"):
        parse_expression("a + 1").evaluate(np.zeros(1))


numbers = st.floats(0.1, 3.0).map(lambda x: f"{x:.3f}")
sums = st.recursive(
    numbers | st.sampled_from(["a", "b", "c"]),
    lambda inner: (
        st.builds(
            lambda left, sign, right: f"({left} {sign} {right})",
            inner,
            st.sampled_from(["+", "-", "*", "/", "**"]),
            inner,
        )
        | inner.map(lambda x: f"-{x}")
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(sums)
def test_any_arithmetic_has_the_value_that_python_gives(text: str) -> None:
    point = np.array([0.7, 1.3, 0.4])
    value, _ = resolved(text).evaluate(point)
    # NumPy's numbers overflow and divide by zero without an exception, as the arrays do.
    typed = re.sub(r"[\d.]+", lambda match: f"n({match.group()})", text)
    with np.errstate(all="ignore"):
        expected = eval(typed, {"n": np.float64, **dict(zip("abc", point, strict=True))})
    np.testing.assert_allclose(value, float(expected), rtol=1e-10)
