"""Parameter tables: every row equals lavaan's; equalities as a matrix; what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trustmeasure.confirmatory.language.equalities import equality_matrix, nonlinear_equalities
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, ParameterTable, parameter_table
from trustmeasure.errors import OptionError

# Made by parameter_tables.R beside it.
CASES = json.loads((Path(__file__).parent / "data" / "parameter_tables.json").read_text())["cases"]
RELATIONS = ("==", "<", ">", ":=")


def ours(case: dict[str, Any]) -> ParameterTable:
    options = {name.replace(".", "_"): value for name, value in case["options"].items()}
    return parameter_table(parse_model(case["model"]), **{**DEFAULTS[case["fun"]], **options})


def theirs(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of lavaan's table, level and group from 1."""
    table = dict(case["table"])
    n = len(table["lhs"])
    for place in ("group", "level"):
        values = table.get(place, [1] * n)
        known = [v for v, op in zip(values, table["op"], strict=True) if op not in RELATIONS]
        order = list(dict.fromkeys(known))
        table[place] = [order.index(v) + 1 if v in order else 0 for v in values]
    return [{name: column[i] for name, column in table.items()} for i in range(n)]


def number(value: float) -> float | None:
    return None if math.isnan(value) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_row_is_lavaans(case: dict[str, Any]) -> None:
    table = ours(case)
    expected = [row for row in theirs(case) if row["op"] not in RELATIONS]
    assert [(p.lhs, p.op, p.rhs, p.group, p.level) for p in table.parameters] == [
        (row["lhs"], row["op"], row["rhs"], row["group"], row["level"]) for row in expected
    ]
    for parameter, row in zip(table.parameters, expected, strict=True):
        where = f"{parameter.lhs} {parameter.op} {parameter.rhs} in group {parameter.group}"
        assert parameter.free == row["free"], where
        assert number(parameter.start if parameter.free else parameter.value) == (
            pytest.approx(row["ustart"], abs=1e-9)
        ), where
        assert parameter.exo == (row["exo"] == 1), where
        assert parameter.user == (row["user"] == 1), where
        assert (parameter.label, parameter.plabel) == (row["label"], row["plabel"]), where
        # lavaan writes fixed values into the bounds too; JSON has no infinities.
        for bound, none in (("lower", -math.inf), ("upper", math.inf)):
            if parameter.free and bound in row:
                limit = none if row[bound] is None else row[bound]
                assert getattr(parameter, bound) == limit, where


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_variables_play_lavaans_roles(case: dict[str, Any]) -> None:
    table = ours(case)
    assert {kind: list(table.names(kind)) for kind in case["names"]} == case["names"]
    assert list(table.observed) == case["names"]["ov"]
    assert list(table.latent) == case["names"]["lv"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_constraints_and_definitions_are_lavaans(case: dict[str, Any]) -> None:
    table = ours(case)
    expected = [row for row in theirs(case) if row["op"] in RELATIONS]
    assert [c.text.replace(" ", "") for c in table.constraints] == [
        row["lhs"] + row["op"] + row["rhs"] for row in expected if row["op"] != ":="
    ]
    assert [d.text.replace(" ", "") for d in table.definitions] == [
        row["lhs"] + ":=" + row["rhs"] for row in expected if row["op"] == ":="
    ]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["free_space"]], ids=lambda case: case["name"]
)
def test_equalities_leave_the_space_that_lavaan_leaves(case: dict[str, Any]) -> None:
    basis, origin = equality_matrix(ours(case))
    assert basis.shape[1] == case["free_space"]["n"]
    assert origin.shape == basis.shape[:1]
    counts = np.arange(1, len(basis) + 1)
    probe = np.column_stack([counts, np.sin(counts)])
    projected = basis @ np.linalg.lstsq(basis, probe, rcond=None)[0]
    np.testing.assert_allclose(projected, case["free_space"]["projected"], atol=1e-8)


FACTORS = "f =~ x1 + x2 + x3\n g =~ x4 + x5 + x6"


def table(model: str, **options: Any) -> ParameterTable:
    return parameter_table(parse_model(model), **options)


def test_equalities_keep_the_first_of_the_parameters() -> None:
    made = table("f =~ x1 + a*x2 + a*x3\n g =~ x4 + b*x5 + c*x6\n b == 2*a + 1\n c == 0.5")
    basis, origin = equality_matrix(made)
    # Free: a, a, b, c and nine (co)variances; a and the (co)variances remain.
    assert basis.shape == (13, 10)
    np.testing.assert_allclose(basis[:4, 0], [1, 1, 2, 0])
    np.testing.assert_allclose(origin[:4], [0, 0, 1, 0.5])
    np.testing.assert_array_equal(basis[4:, 1:], np.eye(9))
    assert not basis[:4, 1:].any()
    assert not origin[4:].any()


def test_without_equalities_nothing_is_reduced() -> None:
    basis, origin = equality_matrix(table(FACTORS))
    np.testing.assert_array_equal(basis, np.eye(13))
    np.testing.assert_array_equal(origin, np.zeros(13))


def test_equalities_said_twice_count_once() -> None:
    model = "f =~ x1 + a*x2 + b*x3 + c*x4\n a == b\n b == c\n 2*a == 2*c\n a - b == 0\n 1 == 1"
    assert equality_matrix(table(model))[0].shape == (8, 6)


def test_equalities_that_contradict_each_other_are_refused() -> None:
    made = table("f =~ x1 + a*x2 + b*x3\n a == b\n b == a + 1")
    with pytest.raises(OptionError, match=r"'b == a \+ 1' contradicts the others on 'f =~ x2', "):
        equality_matrix(made)


def test_nonlinear_equalities_are_left_to_others() -> None:
    made = table("f =~ x1 + a*x2 + b*x3\n a*b == 1\n a == b^2 - b^2 + 3\n a > 0")
    assert [one.text for one in nonlinear_equalities(made)] == ["a*b == 1", "a == b^2 - b^2 + 3"]
    assert [one.text for one in made.inequalities] == ["a > 0"]
    assert equality_matrix(made)[0].shape == (6, 6)


def test_definitions_are_evaluated_with_their_gradient() -> None:
    made = table("y ~ c*x + b*m\n m ~ a*x\n ab := a*b\n total := c + ab\n fixed := 2*pi")
    parameters = np.array([[0.3, 0.5, 0.7, 1, 1], [0.1, 0.2, 0.4, 1, 1]])
    assert [row.label for row in made.free] == ["c", "b", "a", "", ""]
    indirect, total, fixed = (one.expression.evaluate(parameters) for one in made.definitions)
    np.testing.assert_allclose(indirect[0], [0.35, 0.08])
    np.testing.assert_allclose(total[0], [0.65, 0.18])
    np.testing.assert_allclose(total[1], [[1, 0.7, 0.5, 0, 0], [1, 0.4, 0.2, 0, 0]])
    np.testing.assert_allclose(fixed[0], 2 * math.pi)
    assert not fixed[1].any()


def test_labels_of_fixed_parameters_stand_for_their_values() -> None:
    made = table("f =~ x1 + a*x2 + 0.5*x2 + b*x3\n d := a + b")
    value, gradient = made.definitions[0].expression.evaluate(np.array([2.0, 0, 0, 0, 0]))
    assert value == 2.5
    assert gradient.tolist() == [1, 0, 0, 0, 0]


def test_places_of_the_table_may_be_named() -> None:
    made = table("f =~ x1 + x2 + x3\n .p2. == .p3.")
    assert equality_matrix(made)[0].shape == (6, 5)


def test_a_mixture_of_labels_and_values_is_taken_group_by_group() -> None:
    made = table("f =~ x1 + c(a, 0.5)*x2 + x3", n_groups=2)
    first, second = (row for row in made.parameters if (row.op, row.rhs) == ("=~", "x2"))
    assert (first.label, first.free, second.label, second.free) == ("a", 1, "", 0)
    assert second.value == 0.5


def test_groups_of_the_model_are_found_by_their_labels() -> None:
    model = "group: Grant-White\n f =~ x1 + x2\n group: Pasteur\n f =~ x3 + x4"
    made = table(model, n_groups=2, group_labels=["Pasteur", "Grant-White"])
    assert made.names("ov", group=1) == ("x3", "x4")
    assert made.names("ov", group=2) == ("x1", "x2")


def test_products_name_their_parts() -> None:
    assert table("y ~ a + b + a:b").interactions == {"a:b": ("a", "b")}


def test_a_frame_of_the_parameters() -> None:
    frame = table(FACTORS).to_frame()
    assert list(frame.columns[:6]) == ["lhs", "op", "rhs", "group", "level", "free"]
    assert len(frame) == 15
    assert frame["free"].max() == 13


def test_names_by_level() -> None:
    made = table("level: 1\n f =~ x1 + x2 + x3\n level: 2\n g =~ x1 + x2 + x3\n g ~ w")
    assert made.names("ov", level=1) == ("x1", "x2", "x3")
    assert made.names("ov.x", level=2) == ("w",)
    assert (made.n_levels, made.meanstructure) == (2, True)


@pytest.mark.parametrize(
    ("model", "options", "note"),
    [
        ("y ~ x1 + x2\n x1 ~~ x1", {}, "'x1' are treated as random"),
        ("y ~ x1*x2 + x1", {}, "'x1' before a star is the label"),
        ("f =~ x1 + a*x2 + x3", {"n_groups": 2}, r"holds its parameter equal across"),
        ("f =~ a*x1 + a*x2 + 0.5*x2 + x3", {}, "fixed at different values"),
    ],
)
def test_notes_say_what_may_surprise(model: str, options: dict[str, Any], note: str) -> None:
    (found,) = table(model, **options).notes
    assert note.replace("\\", "") in found


def test_most_models_need_no_notes() -> None:
    assert table(FACTORS, n_groups=2, group_equal="loadings").notes == ()


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (FACTORS, {"group_equal": ["loading"]}, "group_equal='loading' is not offered.*'loadings'"),
        (FACTORS, {"parameterization": "Theta"}, "Did you mean 'theta'"),
        (FACTORS, {"n_groups": 0}, "n_groups=0 must be"),
        (
            FACTORS,
            {"n_groups": 2, "group_equal": "loadings", "group_partial": ["f=~x9"]},
            "group_partial names 'f=~x9', which is no parameter of the model",
        ),
        (FACTORS, {"n_levels": 2}, "data have 2 level.*describes 1"),
        ("group: 1\n f =~ x1 + x2", {"n_groups": 2}, "blocks for 1 group.*data have 2"),
        (
            "group: a\n f =~ x1 + x2\n group: b\n f =~ x1 + x2",
            {"n_groups": 2, "group_labels": ["a", "B"]},
            "group.s. 'b', but the groups of the data are 'a', 'B'",
        ),
        (
            "level: 1\n f =~ x1 + x2\n level: 2\n f =~ x1 + x2",
            {"n_groups": 2},
            "two-level model for several groups needs a block for each",
        ),
        (
            "level: 1\n f =~ x1 + x2\n level: 2\n f =~ x1 + x2",
            {"conditional_x": True},
            "not offered for models with levels",
        ),
        ("f =~ x1 + x2\n y ~ f + x3 + f:x3", {}, "column 15 .*'f:x3' multiplies a latent variable"),
        ("f =~ x1 + x2\n f | t1", {}, "'f' is latent"),
        ("f =~ g\n g =~ f", {}, "names no observed variable"),
        (
            "group: 1\n f =~ x1 + x2 + x3\n group: 2\n g =~ x1 + x2 + x3 + f",
            {"n_groups": 2},
            "Line 2, column 7 .*'f' is latent in one block of the model and observed in another",
        ),
        (FACTORS, {"ordered": ["x1"]}, "How many answer options have 'x1'"),
        (FACTORS, {"ordered": ["x1"], "categories": {"x1": 1}}, "at least 2"),
        ("f =~ x1\n x1 | t3", {"ordered": ["x1"], "categories": {"x1": 3}}, "last threshold is t2"),
        ("f =~ x1 + c(a, b)*x2", {}, r"column 19 .*c\(\) holds 2 values .*one group"),
        ("f =~ x1 + c(1, 2)*x2", {"n_groups": 3}, r"c\(\) holds 2 values .*3 groups"),
        ("f =~ x1 + equal('f=~x4')*x2 + x3", {}, "'f=~x4' names no other parameter"),
        ("f =~ x1 + loading*x2\n laoding == 1", {}, "Line 2, column 2 .*Did you mean 'loading'"),
        ("f =~ x1 + a*x2\n b := a\n b := a + 1", {}, "'b' is defined twice"),
        ("f =~ x1 + a*x2\n a := 2", {}, "'a' is the label of a parameter already"),
        ("f =~ x1 + a*x2\n b := c\n c := a", {}, "'c' is neither .*defined only by this line or"),
    ],
)
def test_what_does_not_fit_is_refused(model: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        table(model, **options)


def test_ordered_names_that_the_model_lacks_are_passed_over() -> None:
    made = table(FACTORS, ordered=["x1", "x9"], categories={"x1": 3, "x9": 4})
    assert made.ov_ord == ("x1",)


def test_exogenous_variables_are_not_ordered() -> None:
    made = table("y ~ x", ordered=["x", "y"], categories={"x": 2, "y": 2})
    assert (made.ov_ord, made.ov_x) == (("y",), ("x",))
