"""Answers to codes: labels, numbers, recoding, missing codes, ranges.

Each distinct answer of a column is understood once; the rows then take its code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import listed, near
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument, ResponseSet
from trustmeasure.instruments.models import text_in
from trustmeasure.platforms.answers import (
    NUMBER,
    WHOLE,
    Answers,
    answer_key,
    as_int,
    decorated,
)
from trustmeasure.platforms.findings import Finding, Problems
from trustmeasure.platforms.layout import Column, Table
from trustmeasure.platforms.wording import plain
from trustmeasure.platforms.workbooks import cell_text
from trustmeasure.responses import LogEntry

# What R and pandas write where there is no value. Anything else must be declared.
WRITTEN_MISSING = frozenset({"NA", "NaN", "nan", "<NA>"})


PlatformCode = Callable[[str, ResponseSet], int | None]


@dataclass
class Counts:
    """How often what was done, for the log."""

    recoded: int = 0
    declared: dict[str, int] = field(default_factory=dict)
    written: int = 0
    from_labels: int = 0
    from_platform: int = 0
    disagreeing: dict[str, int] = field(default_factory=dict)

    def entries(self) -> list[LogEntry]:
        """Give the log entries of what happened at all."""
        shown = {
            "answers recoded": (self.recoded, "recode="),
            "declared missing": (
                sum(self.declared.values()),
                ", ".join(f"'{code}' {n} times" for code, n in self.declared.items()),
            ),
            "written as missing": (self.written, "NA or NaN, as R and pandas write it"),
            "labels turned into codes": (self.from_labels, ""),
            "answer codes of the platform read by their number": (
                self.from_platform,
                "as A1 or AO01 for 1",
            ),
            "labels with another code's digits": (
                sum(self.disagreeing.values()),
                f"the label decided: {listed(self.disagreeing)}",
            ),
        }
        return [LogEntry(action, n, detail) for action, (n, detail) in shown.items() if n]


# -- options ------------------------------------------------------------------------------


def check_missing_codes(missing_codes: Any) -> frozenset[str]:
    """Accept numbers and texts that stand for no answer."""
    if isinstance(missing_codes, (str, int, float)) and not isinstance(missing_codes, bool):
        missing_codes = (missing_codes,)
    if isinstance(missing_codes, Mapping) or not isinstance(missing_codes, Iterable):
        raise OptionError(
            f"missing_codes={missing_codes!r} must list codes or texts, as (-99, 'n/a')."
        )
    codes = list(missing_codes)
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, (str, int, float, np.number)):
            raise OptionError(f"missing_codes holds {code!r}; expected numbers or texts.")
    return frozenset(answer_key(code) for code in codes)


def check_recode(recode: Any, items: Sequence[str]) -> dict[str, dict[str, int | None]]:
    """Bring ``recode`` to item id → written answer → code (None for no answer)."""
    if recode is None:
        return {}
    if not isinstance(recode, Mapping):
        raise OptionError(
            f"recode={recode!r} must be a mapping: {{from: to}} for all items, or "
            "{item id: {from: to}}."
        )
    nested = [isinstance(target, Mapping) for target in recode.values()]
    if not any(nested):
        one = _recode_table(recode)
        return dict.fromkeys(items, one)
    if not all(nested):
        raise OptionError(
            "recode= mixes {from: to} with {item id: {from: to}}. Give either one mapping for all "
            "items, or one for each item that needs it."
        )
    unknown = [item for item in recode if item not in items]
    if unknown:
        raise DataError(
            f"recode= names item(s) {listed(unknown)}, which are not among the items read: "
            f"{listed(items, 30)}." + near(unknown[0], items)
        )
    return {str(item): _recode_table(table) for item, table in recode.items()}


def _recode_table(table: Mapping[Any, Any]) -> dict[str, int | None]:
    done: dict[str, int | None] = {}
    for source, target in table.items():
        missing = target is None or (isinstance(target, float) and np.isnan(target))
        text = "" if missing else cell_text(target).strip()
        if not missing and (isinstance(target, bool) or not WHOLE.fullmatch(text)):
            raise OptionError(
                f"recode= turns {source!r} into {target!r}; expected a whole-number code, or None "
                "for no answer."
            )
        done[answer_key(source)] = None if missing else as_int(text)
    return done


# -- coding -------------------------------------------------------------------------------


def code_items(
    table: Table,
    matched: Mapping[str, Column],
    instrument: Instrument | None,
    *,
    recode: Any,
    missing_codes: Any,
    language: str | None,
    platform_code: PlatformCode | None = None,
) -> tuple[dict[str, NDArray[np.float64]], list[LogEntry]]:
    """Give the codes of every item as floats, NaN where there is no answer.

    ``platform_code`` reads what a platform writes instead of a code, where nothing else fits.
    """
    missing = check_missing_codes(missing_codes)
    tables = check_recode(recode, list(matched))
    problems, counts = Problems(), Counts()
    known: dict[str, Answers] = {}
    coded = {}
    met: set[str] = set()
    for item, column in matched.items():
        answers = None
        if instrument is not None:
            options = instrument.response_set(item)
            answers = known.setdefault(options.id, Answers.of(options, language))
        coder = _Coder(
            item, answers, tables.get(item, {}), missing, problems, counts, platform_code
        )
        coded[item] = coder.code(column.values, table)
        met |= coder.met
    problems.refuse()
    log = counts.entries()
    idle = sorted({key for one in tables.values() for key in one} - met)
    if idle:
        log.append(LogEntry("recode never met", len(idle), f"no answer was {listed(idle)}"))
    return coded, log


class _Coder:
    """Codes one item's column."""

    def __init__(
        self,
        item: str,
        answers: Answers | None,
        recode: Mapping[str, int | None],
        missing: frozenset[str],
        problems: Problems,
        counts: Counts,
        platform_code: PlatformCode | None = None,
    ) -> None:
        self.platform_code = platform_code
        self.item, self.answers, self.recode = item, answers, recode
        self.missing, self.problems, self.counts = missing, problems, counts
        self.met: set[str] = set()

    def code(self, values: pd.Series[Any], table: Table) -> NDArray[np.float64]:
        places, distinct = pd.factorize(values, use_na_sentinel=True)
        texts = [cell_text(value) for value in distinct]
        sizes = np.bincount(places[places >= 0], minlength=len(texts))
        firsts = np.full(len(texts), -1)
        order = np.flatnonzero(places >= 0)[::-1]
        firsts[places[order]] = order
        codes = np.full(len(texts) + 1, np.nan)  # the last one serves the sentinel −1
        outside: dict[int, tuple[int, int]] = {}
        fractions: list[tuple[str, int, int]] = []
        unknown: list[tuple[str, int, int]] = []
        ambiguous: list[tuple[str, int, int]] = []
        for i, text in enumerate(texts):
            n, first = int(sizes[i]), int(firsts[i])
            code = self._understand(text, n)
            if code is None:
                continue
            if isinstance(code, str):
                kinds = {"fraction": fractions, "unknown": unknown, "ambiguous": ambiguous}
                kinds[code].append((text.strip(), n, first))
            elif self._fits(code):
                codes[i] = code
            else:
                before = outside.get(code, (0, first))
                outside[code] = (before[0] + n, min(before[1], first))
        self._report(outside, fractions, unknown, table)
        self._report_ambiguous(ambiguous)
        if outside:
            self._suggest_shift({*outside, *(int(c) for c in codes[~np.isnan(codes)])})
        return codes[places]

    def _understand(self, raw: str, n: int) -> int | str | None:
        """Give the code, None for no answer, or the kind of problem."""
        text = raw.strip()
        if not text:
            return None
        key = answer_key(text)
        if key in self.recode:
            self.met.add(key)
            self.counts.recoded += n
            return self.recode[key]
        if key in self.missing:
            self.counts.declared[text] = self.counts.declared.get(text, 0) + n
            return None
        if NUMBER.fullmatch(text):
            return self._number(text)
        if self.answers is not None:
            code = self._label(text, n)
            if code is not None:
                return code
        if text in WRITTEN_MISSING:
            self.counts.written += n
            return None
        if self.platform_code is not None and self.answers is not None:
            code = self.platform_code(text, self.answers.set)
            if code is not None:
                self.counts.from_platform += n
                return code
        return "unknown"

    def _number(self, text: str) -> int | str:
        if not WHOLE.fullmatch(text):
            value = float(text.replace("−", "-").replace(",", "."))
            if not value.is_integer():
                return "fraction"
            return int(value)
        code = as_int(text)
        labelled = self.answers.exact.get(plain(text), code) if self.answers is not None else code
        # Numeric exports write no plus: "+1" is the label as it stands.
        if labelled == code or not self._fits(code) or text.startswith("+"):
            return code if labelled is None else labelled
        return "ambiguous"  # one answer's label and another answer's code: nobody can tell

    def _label(self, text: str, n: int) -> int | None:
        """Understand a label, alone or with the digits of its code before or after it."""
        answers = self.answers
        if answers is None:
            return None
        for written in (text, text.removeprefix("'")):  # an apostrophe guards against formulas
            code = answers.label(written)
            if code is not None:
                self.counts.from_labels += n
                return code
        if plain(text) in answers.exact:
            return None  # stands for two codes
        for digits, label, marked in decorated(text):
            code = answers.label(label)
            if code is not None:
                self.counts.from_labels += n
                if code != digits:
                    seen = self.counts.disagreeing
                    seen[text] = seen.get(text, 0) + n
                return code
            if marked and self._fits(digits) and digits not in answers.labelled:
                self.counts.from_labels += n
                return digits
        return None

    def _fits(self, code: int) -> bool:
        return self.answers is None or self.answers.set.min <= code <= self.answers.set.max

    def _report(
        self,
        outside: Mapping[int, tuple[int, int]],
        fractions: Sequence[tuple[str, int, int]],
        unknown: Sequence[tuple[str, int, int]],
        table: Table,
    ) -> None:
        problems = self.problems
        for code, (n, first) in sorted(outside.items()):
            low, high = self.answers.set.min, self.answers.set.max  # type: ignore[union-attr]
            problems.outside.append(
                Finding(
                    self.item, f"code {code}", n, table.place(first),
                    f"its response set allows {low}–{high}",
                )
            )  # fmt: skip
            problems.outside_codes.add(code)
        for text, n, first in fractions:
            what = f"{text}, which is not a whole number,"
            problems.fractions.append(Finding(self.item, what, n, table.place(first), ""))
        allowed = self._allowed() if unknown else ""
        for text, n, first in sorted(unknown, key=lambda entry: entry[2]):
            what = f"the unknown answer '{_short(text)}'"
            problems.unknown.append(Finding(self.item, what, n, table.place(first), allowed))

    def _report_ambiguous(self, ambiguous: Sequence[tuple[str, int, int]]) -> None:
        if ambiguous:
            self.problems.ambiguous.append(
                f"Item '{self.item}' has {listed(text for text, _, _ in ambiguous)} in "
                f"{sum(n for _, n, _ in ambiguous)} row(s), which may be codes or labels"
            )

    def _allowed(self) -> str:
        if self.answers is None:
            return "expected numbers"
        options = self.answers.set
        codes = f"allowed: {options.min}–{options.max}"
        if not self.answers.labelled:
            return f"{codes} (its response set has no labels)"
        labels = [
            f"{code} '{text_in(options.labels[code])}'" for code in sorted(self.answers.labelled)
        ]
        return f"{codes}, or the labels {', '.join(labels)}"

    def _suggest_shift(self, seen: set[int]) -> None:
        """Where the codes are the response set's, moved by a constant, spell the recoding out."""
        if self.answers is None or self.problems.shift:
            return
        options = self.answers.set
        shift = min(seen) - options.min
        if shift and len(seen) == options.n_options and max(seen) - shift == options.max:
            self.problems.shift = {value + shift: value for value in options.values}


def _short(text: str) -> str:
    """Cut long answers: what is unknown may be a free text."""
    text = " ".join(text.split())
    if re.search(r"[^@\s]+@[^@\s]+\.\w", text):
        return "(a mail address)"
    return text if len(text) <= 60 else text[:57] + "..."
