"""What keeps answers from being coded, collected over all items and told in one error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trustmeasure.errors import DataError

# Told one by one; and parts of a message before the rest is only counted.
_FEW, _MANY = 6, 20


@dataclass(frozen=True)
class Finding:
    """Something that an item's cells hold and should not."""

    item: str
    what: str  # as "code 6"
    n: int
    place: str
    expected: str  # as "response set allows 1–5"


def _told(findings: Sequence[Finding]) -> str:
    """Say a few findings one by one, and many by what they have in common.

    An export in another language or coding has the same labels or codes in every item.
    """
    if len(findings) <= _FEW:
        return "; ".join(
            f"Item '{f.item}' has {f.what} in {f.n} row{'s' * (f.n != 1)} (first: {f.place})"
            + (f"; {f.expected}" if f.expected else "")
            for f in findings
        )
    by_expected: dict[str, dict[str, list[Finding]]] = {}
    for finding in findings:
        by_expected.setdefault(finding.expected, {}).setdefault(finding.what, []).append(finding)
    sentences = []
    for expected, by_what in by_expected.items():
        parts = [
            (f"{len(same)} items have" if len(same) > 1 else f"Item '{same[0].item}' has")
            + f" {what} in {sum(f.n for f in same)} answers"
            + (f" (first: item '{same[0].item}', {same[0].place})" if len(same) > 1 else "")
            for what, same in by_what.items()
        ]
        expected = expected.replace("its ", "the ", 1)
        sentences.append(
            "; ".join(parts[:_MANY]) + _more(parts, _MANY) + (f"; {expected}" if expected else "")
        )
    return "; ".join(sentences)


@dataclass
class Problems:
    """Everything that keeps answers from being coded, collected over all items."""

    unknown: list[Finding] = field(default_factory=list)
    outside: list[Finding] = field(default_factory=list)
    fractions: list[Finding] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    outside_codes: set[int] = field(default_factory=set)
    shift: dict[int, int] = field(default_factory=dict)

    def refuse(self) -> None:
        """Raise one error with all of them, if there are any."""
        parts = []
        if self.outside:
            parts.append(_told(self.outside) + self._advice())
        if self.fractions:
            parts.append(
                _told(self.fractions)
                + ". Codes are whole numbers: read the raw answers, not averages or scores."
            )
        if self.ambiguous:
            parts.append(
                "; ".join(self.ambiguous[:_MANY])
                + _more(self.ambiguous, _MANY)
                + ". In its response set these digits are one answer's label and another answer's "
                "code. Say which is meant with recode=, as recode={'1': 1, '2': 2}."
            )
        if self.unknown:
            parts.append(
                _told(self.unknown) + ". Add the labels to the instrument's response set, or pass "
                "recode={label: code}; where an answer stands for none, missing_codes=(label,)."
            )
        if parts:
            raise DataError(" ".join(parts))

    def _advice(self) -> str:
        advice = ". Was the export made with other recode values? Pass recode=..."
        advice += f", as recode={self.shift}." if self.shift else " ."
        usual = {9, 77, 88, 99, 777, 888, 999}
        shifted = set(self.shift)
        codes = [c for c in sorted(self.outside_codes - shifted) if c < 0 or c in usual]
        if codes:
            advice += (
                f" Codes that stand for no answer must be declared: missing_codes={tuple(codes)!r}."
            )
        return advice


def _more(parts: Sequence[str], limit: int) -> str:
    return f"; and {len(parts) - limit} more" if len(parts) > limit else ""
