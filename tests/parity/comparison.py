"""What every parity case compares, for the tests and for the documentation alike.

A topic is three files: ``r/<topic>.R`` makes the reference values, ``expected/<topic>.json``
holds them, and ``topic_<topic>.py`` defines ``comparisons()``, which yields a `Comparison`
for every cell. ``test_parity.py`` asserts each; the documentation prints the same rows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
DATA = HERE.parent / "data"

# The project's promise. A case that needs a looser tolerance states its reason.
CLOSED_FORM = 1e-8  # relative
ESTIMATE = 1e-4  # absolute: loadings and standardised parameters
FIT = 1e-3  # relative: chi-square and log-likelihood


@dataclass(frozen=True)
class Comparison:
    """One cell: our value beside the reference's."""

    case: str
    statistic: str
    call: str
    cell: str
    ours: float
    reference: float
    rtol: float = CLOSED_FORM
    atol: float = 0.0
    reason: str = ""  # why the tolerance is looser than the promise, where it is

    @property
    def holds(self) -> bool:
        """Whether the two agree; missing agrees only with missing."""
        if math.isnan(self.reference) or math.isnan(self.ours):
            return math.isnan(self.reference) and math.isnan(self.ours)
        return abs(self.ours - self.reference) <= self.atol + self.rtol * abs(self.reference)


@dataclass(frozen=True)
class Case:
    """The reference values of one R call."""

    id: str
    statistic: str
    call: str
    values: Mapping[str, Any]

    def compare(
        self,
        name: str,
        ours: Any,
        *,
        rtol: float = CLOSED_FORM,
        atol: float = 0.0,
        reason: str = "",
        columns: Mapping[str, str] | None = None,
    ) -> Iterator[Comparison]:
        """Yield every cell of reference value ``name`` beside ours.

        A number is compared with a number, a named vector with a Series (by name), a
        matrix with a DataFrame (by row name, and by column through ``columns``, a mapping
        reference column → our column, or by equal name). Every cell of the reference must
        be found in ours, so a missing row or column fails with a KeyError.
        """
        make: Callable[[str, Any, Any], Comparison] = lambda cell, our, ref: Comparison(  # noqa: E731
            self.id, self.statistic, self.call, cell, _number(our), _number(ref), rtol, atol, reason
        )
        reference = self.values[name]
        if isinstance(reference, Mapping) and set(reference) == {"rows", "columns", "values"}:
            for i, row in enumerate(reference["rows"]):
                for j, column in enumerate(reference["columns"]):
                    if columns is not None and column not in columns:
                        continue
                    own = columns[column] if columns is not None else column
                    yield make(
                        f"{name}[{row}, {column}]", ours.loc[row, own], reference["values"][i][j]
                    )
        elif isinstance(reference, Mapping):
            for key, value in reference.items():
                yield make(f"{name}[{key}]", ours[key], value)
        elif isinstance(reference, list):
            ours = list(ours)
            if len(ours) != len(reference):
                raise ValueError(f"{self.id}: {name} has {len(reference)} values, ours {len(ours)}")
            for i, value in enumerate(reference):
                yield make(f"{name}[{i + 1}]", ours[i], value)
        else:
            yield make(name, ours, reference)


@cache
def load(topic: str) -> Mapping[str, Case]:
    """Read the reference cases of a topic, by id."""
    content = json.loads((HERE / "expected" / f"{topic}.json").read_text(encoding="utf-8"))
    return {case["id"]: Case(**case) for case in content["cases"]}


def versions(topic: str) -> dict[str, str]:
    """Give the versions of R and the packages behind a topic's reference values."""
    content = json.loads((HERE / "expected" / f"{topic}.json").read_text(encoding="utf-8"))
    return dict(content["versions"])


def topics() -> list[str]:
    """List the topics that have reference values."""
    return sorted(path.stem for path in (HERE / "expected").glob("*.json"))


@cache
def read_data(name: str) -> pd.DataFrame:
    """Read one of the shipped data sets."""
    return pd.read_csv(DATA / name)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
