"""The answers of a response set: labels and codes, in both directions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustmeasure._checks import listed
from trustmeasure.errors import DataError
from trustmeasure.instruments import ResponseSet
from trustmeasure.instruments.models import text_in
from trustmeasure.platforms.wording import bare, plain
from trustmeasure.platforms.workbooks import cell_text

if TYPE_CHECKING:
    from trustmeasure.responses import Responses

WHOLE = re.compile(r"[+\-−]?\d+(?:[.,]0*)?")
NUMBER = re.compile(r"[+\-−]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_LEADING = re.compile(r"[(\[]?([+\-−]?\d+)[)\]]?\s*([-–—=:.)(\]]?)\s*(\D.*)", re.DOTALL)
_TRAILING = re.compile(r"(.*\D)\s*[(\[]\s*([+\-−]?\d+)\s*[)\]]", re.DOTALL)


def answer_key(value: Any) -> str:
    """Bring codes and labels of options and cells to one form: 4, "4" and "4.0" are the same."""
    text = value if isinstance(value, str) else cell_text(value)
    text = text.strip()
    if WHOLE.fullmatch(text):
        return str(as_int(text))
    return plain(text)


def as_int(text: str) -> int:
    """Read a whole number as answers are written: 4, 4.0, 4,0."""
    return int(re.split(r"[.,]", text.replace("−", "-"))[0])


@dataclass
class Answers:
    """The answers of one response set, by every way of writing them.

    ``exact`` ignores markup, case and spacing; ``loose`` punctuation as well. A writing
    that stands for two codes maps to None.
    """

    set: ResponseSet
    exact: dict[str, int | None] = field(default_factory=dict)
    loose: dict[str, int | None] = field(default_factory=dict)
    labelled: frozenset[int] = frozenset()

    @classmethod
    def of(cls, answers: ResponseSet, language: str | None) -> Answers:
        """Collect the labels in one language, or in all."""
        built = cls(set=answers)
        labelled = set()
        for code, texts in answers.labels.items():
            for tag, label in texts.items():
                if language is not None and tag != language:
                    continue
                labelled.add(code)
                for table, key in ((built.exact, plain(label)), (built.loose, bare(label))):
                    if key:
                        table[key] = code if table.get(key, code) == code else None
        built.labelled = frozenset(labelled)
        return built

    def label(self, text: str) -> int | None:
        """Give the code of a label, or None where it is none or stands for two codes."""
        exact = plain(text)
        if exact in self.exact:
            return self.exact[exact]
        return self.loose.get(bare(text))


def decorated(text: str) -> list[tuple[int, str, bool]]:
    """Split "5 - Strongly agree" and "Strongly agree (5)" into digits and label.

    The flag tells whether a mark stands between the two, so that the digits can only be
    the code; "5 times a week" has none.
    """
    found = []
    leading = _LEADING.fullmatch(text)
    if leading:
        digits, mark, rest = leading.groups()
        opened = text.lstrip()[:1] in "(["
        label = rest.strip().strip("()[]").strip()
        found.append((as_int(digits), label, bool(mark) or opened))
        found.append((as_int(digits), rest.strip(), bool(mark) or opened))
    trailing = _TRAILING.fullmatch(text)
    if trailing:
        found.append((as_int(trailing.group(2)), trailing.group(1).strip(" -–—=:"), True))
    return found


# -- codes to cells, for writing --------------------------------------------------------------


def item_cells(
    responses: Responses, item: str, *, labels: bool, language: str = "en"
) -> pd.Series[Any]:
    """Give an item's answers as an export writes them: codes or labels, empty for none."""
    codes = responses.data[item]
    written = {code: str(int(code)) for code in codes.dropna().unique()}
    if labels:
        if responses.instrument is None:
            raise DataError("Labels can be written only for responses to a known instrument.")
        options = responses.instrument.response_set(item)
        names = {c: text_in(texts, language) for c, texts in options.labels.items()}
        forms = [plain(name) for name in names.values()]
        repeated = {name for name in names.values() if forms.count(plain(name)) > 1}
        if repeated:
            raise DataError(
                f"Label(s) {listed(sorted(repeated))} of response set '{options.id}' stand for "
                "several codes, so answers written as labels could not be read again."
            )
        written.update({code: names[int(code)] for code in written if names.get(int(code))})
    return codes.map(written).astype(object).where(codes.notna(), "")
