"""XLSForms (ODK, Kobo): the questions that they define."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from trustmeasure._checks import listed, near
from trustmeasure.platforms.definitions import Choice, Definition, LeftOut, Question
from trustmeasure.platforms.sources import UNKNOWN_LANGUAGE, Row, Source, language_tag
from trustmeasure.platforms.wording import without_markup
from trustmeasure.platforms.xlsform.sheets import is_form, read_sheets

_SELECT_ONE = re.compile(
    r"(?:select[ _]?one|select1|select one from|add select one prompt using)\s+"
    r"(\S+)(\s+or[ _]other)?",
    re.IGNORECASE,
)
_GROUP = re.compile(r"(begin|end)[ _]?(group|repeat|loop)", re.IGNORECASE)

# Question types that are no scale of answers, and why they are left out.
_OTHER_TYPES = {
    "text": "free answers",
    "string": "free answers",
    "integer": "free answers",
    "int": "free answers",
    "decimal": "free answers",
    "range": "its answers are no closed list of codes",
    "rank": "ranks are no ratings",
    "note": "nothing is asked",
    "date": "a date",
    "time": "a time",
    "datetime": "a date",
    "calculate": "it is calculated",
    "hidden": "it is not shown",
    "acknowledge": "a mark, no answer on a scale",
    "trigger": "a mark, no answer on a scale",
    "geopoint": "a place",
    "geotrace": "a place",
    "geoshape": "a place",
    "image": "files",
    "audio": "files",
    "video": "files",
    "file": "files",
    "barcode": "a barcode",
}
_META = {
    "start", "end", "today", "deviceid", "subscriberid", "simserial", "phonenumber",
    "username", "email", "audit", "background-audio", "start-geopoint", "xml-external",
    "csv-external", "entity",
}  # fmt: skip


def is_definition(source: Source) -> bool:
    """Tell a form by being a workbook; its sheets are checked when it is read."""
    return is_form(source)


def read_definition(source: Source) -> Definition:
    """Read the sheets survey, choices and settings of a form."""
    sheets = read_sheets(source)
    settings = sheets.get("settings", [])
    first: Mapping[str, str] = settings[0].cells if settings else {}
    default = language_tag(first.get("default_language", "") or "en")
    default = "en" if default == UNKNOWN_LANGUAGE else default
    tags = _Languages(default)
    lists = _lists(source, sheets.get("choices", []), tags)
    reader = _Reader(source, lists, tags)
    for row in sheets["survey"]:
        reader.take(row)
    reader.close()
    if not reader.questions and not reader.left_out:
        raise source.error("has no questions in the sheet 'survey'. Fill it in, row by row.")
    language = default if not reader.languages or default in reader.languages else ""
    language = language or next(iter(reader.languages))
    title = without_markup(first.get("form_title", ""))
    return Definition(
        platform="XLSForm",
        title={language: title} if title else {},
        language=language,
        questions=tuple(reader.questions),
        left_out=tuple(reader.left_out),
        titles=reader.titles,
        mend="write whole numbers into the column 'name' of the sheet 'choices'",
        piping=r"\$\{[^}]+\}",
        remarks=tuple(tags.remarks()),
    )


@dataclass
class _Languages:
    """The languages of label columns, and the tags that unknown ones got."""

    default: str
    unknown: dict[str, str] = field(default_factory=dict)

    def texts(self, row: Row) -> dict[str, str]:
        """Give the labels of a row by language; the plain column is the default language."""
        found: dict[str, str] = {}
        for name, cell in row.cells.items():
            match = re.fullmatch(r"label(?:::?\s*(.*))?", name)
            text = without_markup(cell) if match else ""
            if match and text:
                found[self._tag(match.group(1) or "")] = text
        return found

    def _tag(self, name: str) -> str:
        if not name:
            return self.default
        tag = language_tag(name)
        if tag != UNKNOWN_LANGUAGE:
            return tag
        # The standard keeps qaa, qab, … free for private use.
        return self.unknown.setdefault(name, f"qa{chr(ord('a') + len(self.unknown) % 26)}")

    def remarks(self) -> Iterator[str]:
        """Say which tags stand for languages whose name is not known."""
        for name, tag in self.unknown.items():
            yield (
                f"The language '{name}' is not known by this name and is called '{tag}'; write "
                f"its tag into the form as label::{name} (xx)."
            )


def _lists(source: Source, rows: list[Row], tags: _Languages) -> dict[str, list[Choice]]:
    lists: dict[str, list[Choice]] = {}
    for row in rows:
        owner, code = row["list_name"], row["name"]
        if not owner and not code:
            continue
        if not owner or not code:
            lacks = "list_name" if code else "name"
            raise source.error(f"the choice has no {lacks}. Fill it in.", row.place)
        choices = lists.setdefault(owner, [])
        if any(choice.code == code for choice in choices):
            raise source.error(
                f"the list '{owner}' has the choice '{code}' a second time. Give each a name of "
                "its own.",
                row.place,
            )
        choices.append(Choice(code, tags.texts(row)))
    return lists


@dataclass(frozen=True)
class _Group:
    """A group or repeat that is open; ``table`` where its questions are shown as a table."""

    kind: str
    name: str
    place: str
    table: bool


class _Reader:
    """Takes the rows of the sheet survey, and keeps track of the groups that are open."""

    def __init__(self, source: Source, lists: Mapping[str, list[Choice]], tags: _Languages) -> None:
        self.source, self.lists, self.tags = source, lists, tags
        self.open: list[_Group] = []
        self.questions: list[Question] = []
        self.left_out: list[LeftOut] = []
        self.titles: dict[str, dict[str, str]] = {}
        self.languages: dict[str, None] = {}

    def take(self, row: Row) -> None:
        kind = " ".join(row["type"].split())
        if not kind or row["disabled"].casefold() in ("yes", "true"):
            return
        bracket = _GROUP.fullmatch(kind)
        if bracket:
            self._bracket(row, bracket.group(1).casefold(), bracket.group(2).casefold())
            return
        name = row["name"]
        texts = self.tags.texts(row)
        self.languages.update(dict.fromkeys(texts))
        wording = next(iter(texts.values()), "")
        if not name and kind != "note":
            raise self.source.error(f"the question ({kind}) has no name. Fill it in.", row.place)
        if any(group.kind == "repeat" for group in self.open):
            reason = "it stands in a repeat, with several answers a person"
            self.left_out.append(LeftOut(name, kind.split()[0], reason, wording))
            return
        select = _SELECT_ONE.fullmatch(kind)
        if select:
            self._select(row, name, texts, select.group(1), bool(select.group(2)))
        else:
            self.left_out.append(_left_out(name or row.place, kind, wording))

    def _bracket(self, row: Row, side: str, kind: str) -> None:
        if side == "begin":
            table = "table-list" in row["appearance"].casefold()
            self.open.append(_Group(kind, row["name"], row.place, table))
            self.titles[self._path()] = self.tags.texts(row)
        elif not self.open or self.open[-1].kind != kind:
            opened = (
                f"the {self.open[-1].kind} of {self.open[-1].place}" if self.open else "nothing"
            )
            raise self.source.error(
                f"a {kind} ends here, but {opened} is open. Pair every begin_{kind} with an "
                f"end_{kind}.",
                row.place,
            )
        else:
            self.open.pop()

    def close(self) -> None:
        """Refuse groups that never end; tell questions of the same name apart by their groups."""
        if self.open:
            group = self.open[-1]
            raise self.source.error(
                f"the {group.kind} '{group.name}' begins here but never ends. Add a row "
                f"end_{group.kind}.",
                group.place,
            )
        names = Counter(question.name for question in self.questions)
        self.questions = [
            replace(q, name=f"{q.block}/{q.name}", aliases=())
            if names[q.name] > 1 and q.block
            else q
            for q in self.questions
        ]

    def _path(self) -> str:
        return "/".join(group.name for group in self.open if group.name)

    def _select(
        self, row: Row, name: str, texts: Mapping[str, str], answers: str, other: bool
    ) -> None:
        if answers not in self.lists:
            known = list(self.lists)
            raise self.source.error(
                f"the question '{name}' uses the list '{answers}', which the sheet 'choices' "
                f"does not have (it has {listed(known) or 'no lists'})." + near(answers, known),
                row.place,
            )
        choices = list(self.lists[answers])
        if other:
            choices.append(Choice("other", {}))
        path = self._path()
        inner = [group.name for group in self.open if group.name]
        self.questions.append(
            Question(
                name=name,
                text=dict(texts),
                choices=tuple(choices),
                kind="select_one",
                place=row.place,
                aliases=tuple("/".join([*inner[start:], name]) for start in range(len(inner))),
                matrix=path if self.open and self.open[-1].table else "",
                block=path,
                answer_list=answers,
            )
        )


def _left_out(name: str, kind: str, wording: str) -> LeftOut:
    word = kind.split()[0]
    if word.casefold().startswith(("select_multiple", "select_all", "selectmultiple")) or (
        kind.casefold().startswith("select multiple")
    ):
        return LeftOut(name, "select_multiple", "several answers a person", wording)
    if word.casefold().startswith("select"):
        return LeftOut(name, word, "its choices come from outside the form", wording)
    if kind.casefold() in _META or word.casefold() in _META:
        return LeftOut(name, kind, "recorded by the app, not answered", wording)
    reason = _OTHER_TYPES.get(word.casefold(), "questions of this type are not imported")
    return LeftOut(name, kind, reason, wording)
