"""Run every benchmark beside its peers and print one table of ratios.

    python benchmarks/run.py              all
    python benchmarks/run.py reliability  one file, bench_reliability.py

Peers that are not installed are left out. A ratio is the peer's time over ours. The exit
code is 1 if a promised ratio is missed.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

# First of all: it sets the number of threads before anything loads NumPy.
from peers import Row


def main(asked: list[str]) -> int:
    """Print the table; give the exit code."""
    found = sorted(path.stem for path in Path(__file__).resolve().parent.glob("bench_*.py"))
    unknown = set(asked) - {name.removeprefix("bench_") for name in found}
    if unknown:
        print(f"No such benchmark: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    modules = [name for name in found if not asked or name.removeprefix("bench_") in asked]
    print(_line("task", "ours", "peer", "theirs", "ratio", "target", "met"), flush=True)
    missed = 0
    for module in modules:
        for given in importlib.import_module(module).rows():
            row = _row(given)
            missed += row.met is False
            print(_format(row), flush=True)
    print(
        f"\n{missed} target(s) missed."
        if missed
        else "\nEvery target that could be measured is met."
    )
    return 1 if missed else 0


def _row(given: Any) -> Row:
    """Accept a Row, a mapping of its fields, or a tuple in their order."""
    if isinstance(given, Row):
        return given
    return Row(**given) if isinstance(given, dict) else Row(*given)


def _format(row: Row) -> str:
    return _line(
        row.name,
        _seconds(row.ours_seconds),
        row.peer,
        _seconds(row.peer_seconds) if row.peer else "",
        "" if row.ratio is None else f"{row.ratio:.1f}",
        "" if row.target_ratio is None else f"{row.target_ratio:g}",
        {True: "yes", False: "NO", None: ""}[row.met],
    ) + (f"  {row.note}" if row.note else "")


def _seconds(value: float | None) -> str:
    if value is None:
        return "not here"
    return f"{value * 1e3:.2f} ms" if value < 1 else f"{value:.2f} s"


def _line(*cells: str) -> str:
    name, *rest = cells
    return f"{name:<62}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(rest, (12, 16, 12, 9, 8, 5), strict=True)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
