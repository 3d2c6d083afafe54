"""LimeSurvey's tab-separated survey: one row a setting, group, question, sub-question, answer."""

from __future__ import annotations

from trustmeasure.platforms.limesurvey.survey import Answer, Asked, Survey
from trustmeasure.platforms.sources import (
    UNKNOWN_LANGUAGE,
    Row,
    Source,
    headings_of,
    language_tag,
    read_rows,
)
from trustmeasure.platforms.wording import without_markup

_HEADINGS = {
    "class": "class",
    "typescale": "type/scale",
    "name": "name",
    "text": "text",
    "language": "language",
    "other": "other",
    "hidden": "hidden",
    "id": "id",
}


def is_separated(source: Source) -> bool:
    """Tell a tab-separated survey by its headings."""
    if b"\t" not in source.data[:5000]:
        return False
    return {"class", "typescale", "name", "text"} <= set(headings_of(source, "\t"))


def read_survey(source: Source) -> Survey:
    """Read a tab-separated survey; a language may repeat all rows."""
    rows = read_rows(source, "\t", _HEADINGS)
    settings = {row["name"]: row["text"] for row in rows if row["class"] == "S"}
    language = language_tag(settings.get("language", "") or "en")
    language = "en" if language == UNKNOWN_LANGUAGE else language
    reader = _Reader(source, language)
    for row in rows:
        reader.take(row)
    if not reader.questions:
        raise source.error(
            "has no rows of the class Q, which are the questions. Export the survey again "
            "(Display/Export > Tab-separated values)."
        )
    title = {language: "", **reader.title}
    return Survey(
        title={tag: text for tag, text in title.items() if text},
        language=language,
        groups=reader.groups,
        questions=list(reader.questions.values()),
    )


class _Reader:
    """Takes row after row; sub-questions and answers belong to the question above them."""

    def __init__(self, source: Source, language: str) -> None:
        self.source, self.language = source, language
        self.title: dict[str, str] = {}
        self.groups: dict[str, dict[str, str]] = {}
        self.questions: dict[str, Asked] = {}
        self.n_groups: dict[str, int] = {}
        self.group = ""
        self.current: Asked | None = None
        self.rows_seen: set[tuple[str, str, str]] = set()

    def take(self, row: Row) -> None:
        kind, tag = row["class"], self._tag(row)
        if kind == "SL" and row["name"] == "surveyls_title":
            self.title[tag] = without_markup(row["text"])
        elif kind == "G":
            # The groups of every language come in the same order.
            self.n_groups[tag] = self.n_groups.get(tag, 0) + 1
            self.group = f"group {row['type/scale'] or self.n_groups[tag]}"
            self.groups.setdefault(self.group, {})[tag] = without_markup(row["name"])
            self.current = None
        elif kind == "Q":
            self._question(row, tag)
        elif kind in ("SQ", "A"):
            if self.current is None:
                raise self.source.error(
                    f"a row of the class {kind} stands before any question (class Q). Put it "
                    "below its question.",
                    row.place,
                )
            if row["type/scale"] in ("", "0"):
                (self._row if kind == "SQ" else self._answer)(self.current, row, tag)

    def _tag(self, row: Row) -> str:
        tag = language_tag(row["language"]) if row["language"] else self.language
        return self.language if tag == UNKNOWN_LANGUAGE else tag

    def _named(self, row: Row, what: str) -> str:
        if not row["name"]:
            raise self.source.error(f"the {what} has no name. Fill it in.", row.place)
        self._refuse_repeated(row, what)
        return row["name"]

    def _refuse_repeated(self, row: Row, what: str) -> None:
        owner = self.current.title if self.current and row["class"] != "Q" else ""
        key = (
            f"{row['class']} {owner} {row['type/scale'] if owner else ''}",
            row["name"],
            self._tag(row),
        )
        if key in self.rows_seen:
            raise self.source.error(
                f"the {what} '{row['name']}' is here a second time. Give each a name of its own.",
                row.place,
            )
        self.rows_seen.add(key)

    def _question(self, row: Row, tag: str) -> None:
        name = self._named(row, "question")
        asked = self.questions.setdefault(
            name,
            Asked(
                title=name,
                type=row["type/scale"],
                group=self.group,
                other=row["other"] == "Y",
                hidden=row["hidden"] == "1",
                place=row.place,
            ),
        )
        self.current = asked
        _put(asked.texts, tag, row["text"])

    def _row(self, asked: Asked, row: Row, tag: str) -> None:
        name = self._named(row, "sub-question")
        known = next((sub for sub in asked.rows if sub.title == name), None)
        if known is None:
            known = Asked(title=name, place=row.place)
            asked.rows.append(known)
        _put(known.texts, tag, row["text"])

    def _answer(self, asked: Asked, row: Row, tag: str) -> None:
        code = self._named(row, "answer")
        known = next((answer for answer in asked.answers if answer.code == code), None)
        if known is None:
            known = Answer(code=code)
            asked.answers.append(known)
        _put(known.texts, tag, row["text"])


def _put(texts: dict[str, str], tag: str, text: str) -> None:
    cleaned = without_markup(text)
    if cleaned:
        texts.setdefault(tag, cleaned)
