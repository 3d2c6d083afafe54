"""The numerical validation page: every cell of the parity tests, ours beside R's."""

from __future__ import annotations

import importlib
import math
from itertools import groupby

from tests.parity import comparison


def make() -> str:
    """Write the page in Markdown from the comparisons that the tests assert."""
    by_topic = {
        topic: list(importlib.import_module(f"tests.parity.topic_{topic}").comparisons())
        for topic in comparison.topics()
    }
    n_cells = sum(map(len, by_topic.values()))
    n_cases = len({row.case for rows in by_topic.values() for row in rows})
    lines = [
        "# Numerical validation",
        "",
        f"{n_cells:,} values from {n_cases} R calls, each beside ours. The tests compare the same "
        "cells at every change. Closed forms must agree to 1e-8 relative, iterative estimates to "
        "1e-4 absolute, fit statistics to 1e-3 relative; a looser tolerance states its reason. "
        "The largest difference of each call stands in the summary, all cells below it.",
        "",
        "| statistic | R call | cells | largest difference |",
        "|---|---|---:|---:|",
    ]
    details: list[str] = []
    for topic, rows in by_topic.items():
        used = ", ".join(f"{name} {v}" for name, v in comparison.versions(topic).items())
        details += ["", f"## {topic.replace('_', ' ')}", "", f"Reference: {used}.", ""]
        for case, cells in groupby(rows, key=lambda row: row.case):
            part = list(cells)
            first = part[0]
            largest = max(abs(row.ours - row.reference) for row in part if _finite(row))
            call = _code(first.call)
            lines.append(f"| `{first.statistic}` | {call} | {len(part)} | {largest:.1e} |")
            details += _case(case, first.call, part)
    return "\n".join([*lines, *details, ""])


def _case(case: str, call: str, cells: list[comparison.Comparison]) -> list[str]:
    rows = [
        f":::{{dropdown}} {case}: {len(cells)} cells",
        "",
        _code(call),
        "",
        "| cell | ours | R | difference |",
        "|---|---:|---:|---:|",
    ]
    for row in cells:
        difference = f"{row.ours - row.reference:.1e}" if _finite(row) else "–"
        rows.append(
            f"| {_code(row.cell)} | {row.ours:.8g} | {row.reference:.8g} | {difference} |"
        )
    reasons = sorted({row.reason for row in cells if row.reason})
    rows += ["", *(f"Tolerance: {reason}" for reason in reasons), ":::", ""]
    return rows


def _code(text: str) -> str:
    return "`` " + " ".join(text.split()).replace("|", "\\|") + " ``"


def _finite(row: comparison.Comparison) -> bool:
    return math.isfinite(row.ours) and math.isfinite(row.reference)
