"""Every statistic equals its reference in every cell."""

from __future__ import annotations

import importlib
from itertools import groupby

import pytest

from tests.parity.comparison import HERE, Comparison, load, topics


def _comparisons(topic: str) -> list[Comparison]:
    return list(importlib.import_module(f"tests.parity.topic_{topic}").comparisons())


@pytest.mark.parametrize("topic", topics())
def test_every_cell_equals_the_reference(topic: str) -> None:
    rows = _comparisons(topic)
    apart = [
        f"{row.case}: {row.cell}: ours {row.ours!r}, reference {row.reference!r}"
        for row in rows
        if not row.holds
    ]
    assert not apart, f"{len(apart)} of {len(rows)} cells differ:\n" + "\n".join(apart[:40])


@pytest.mark.parametrize("topic", topics())
def test_every_reference_case_is_compared(topic: str) -> None:
    rows = sorted(_comparisons(topic), key=lambda row: row.case)
    compared = {case for case, cells in groupby(rows, key=lambda row: row.case) if list(cells)}
    assert compared == set(load(topic))


@pytest.mark.parametrize("topic", topics())
def test_a_looser_tolerance_states_its_reason(topic: str) -> None:
    loose = [
        row.cell
        for row in _comparisons(topic)
        if (row.rtol > 1e-3 or row.atol > 1e-4) and not row.reason
    ]
    assert not loose


def test_every_r_script_has_its_values_and_its_comparisons() -> None:
    scripts = {path.stem for path in (HERE / "r").glob("*.R")}
    assert scripts == set(topics())
    assert scripts == {path.stem.removeprefix("topic_") for path in HERE.glob("topic_*.py")}
