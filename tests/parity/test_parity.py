"""Every statistic equals its reference in every cell."""

from __future__ import annotations

import importlib

import pytest

from tests.parity.comparison import HERE, Comparison, load, topics


@pytest.mark.parametrize("topic", topics())
def test_every_cell_equals_the_reference(topic: str) -> None:
    rows = list(importlib.import_module(f"tests.parity.topic_{topic}").comparisons())
    apart = [
        f"{row.case}: {row.cell}: ours {row.ours!r}, reference {row.reference!r}"
        for row in rows
        if not row.holds
    ]
    assert not apart, f"{len(apart)} of {len(rows)} cells differ:\n" + "\n".join(apart[:40])
    uncompared = set(load(topic)) - {row.case for row in rows}
    assert not uncompared, f"cases without a comparison: {sorted(uncompared)}"
    unreasoned = [row.cell for row in rows if _is_loose(row) and not row.reason]
    assert not unreasoned, f"a looser tolerance states its reason: {unreasoned[:10]}"


def _is_loose(row: Comparison) -> bool:
    return row.rtol > 1e-3 or row.atol > 1e-4


def test_every_r_script_has_its_values_and_its_comparisons() -> None:
    scripts = {path.stem for path in (HERE / "r").glob("*.R")}
    assert scripts == set(topics())
    assert scripts == {path.stem.removeprefix("topic_") for path in HERE.glob("topic_*.py")}


@pytest.mark.parametrize("topic", topics())
def test_a_topic_needs_no_test_tools(topic: str) -> None:
    """The documentation, which shows every cell, is built without them."""
    source = (HERE / f"topic_{topic}.py").read_text(encoding="utf-8")
    assert "pytest" not in source
