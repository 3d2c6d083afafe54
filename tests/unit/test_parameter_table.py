"""Parameter tables: every row equals lavaan's; equalities as a matrix; what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trustmeasure.confirmatory.equalities import equality_matrix, nonlinear_equalities
from trustmeasure.confirmatory.syntax import parse_model
from trustmeasure.confirmatory.table import DEFAULTS, ParameterTable, parameter_table
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
