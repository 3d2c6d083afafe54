"""LimeSurvey's ``.lss``: XML tables, with the texts inline (old) or in tables of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trustmeasure.platforms.limesurvey.survey import Answer, Asked, Survey
from trustmeasure.platforms.sources import UNKNOWN_LANGUAGE, Source, language_tag
from trustmeasure.platforms.wording import without_markup

_MAX_DEPTH = 40
_AGAIN = "Export the survey again (Display/Export > Survey structure, .lss)."

Record = dict[str, str]


def is_structure(source: Source) -> bool:
    """Tell an ``.lss`` by its root element."""
    start = source.data[:4000].replace(b"\x00", b"")
    return b"<LimeSurveyDocType" in start or bool(
        re.match(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>)?\s*<document[\s>]", start)
    )


def read_survey(source: Source) -> Survey:
    """Read an ``.lss`` of any version."""
    tables = _tables(source)
    if not tables.get("questions"):
        raise source.error("has no table of questions, so there is nothing to import. " + _AGAIN)
    title, language = _titles(tables)
    groups, group_order = _groups(tables, language)
    asked = _questions(tables, language, source)
    main = [question for question, parent in asked.values() if parent not in asked]
    for question, parent in asked.values():
        if parent in asked and question.scale == "0":
            asked[parent][0].rows.append(question)
    _add_answers(tables, {qid: question for qid, (question, _) in asked.items()}, language)
    for question in main:
        question.rows.sort(key=lambda row: row.order)
        question.answers.sort(key=lambda answer: answer.order)
    main.sort(key=lambda question: (group_order.get(question.group, 0), question.order))
    return Survey(title=title, language=language, groups=groups, questions=main)


def _tables(source: Source) -> dict[str, list[Record]]:
    from xml.etree import ElementTree

    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", source.text)  # the text is decoded already
    _check(source, text)
    root = ElementTree.fromstring(text)
    tables: dict[str, list[Record]] = {}
    for table in root:
        rows = table.find("rows")
        if rows is not None:
            tables[table.tag] = [
                {cell.tag: (cell.text or "").strip() for cell in row} for row in rows
            ]
    languages = root.find("languages")
    if languages is not None and "languages" not in tables:
        tables["languages"] = [{"language": (entry.text or "").strip()} for entry in languages]
    return tables


def _check(source: Source, text: str) -> None:
    """Parse once without building anything: refuse entities, depth and damage."""
    from xml.parsers import expat

    depth = 0
    parser = expat.ParserCreate()

    def where() -> str:
        return f"line {parser.CurrentLineNumber}"

    def refuse(*_: object) -> None:
        raise source.error(
            "a document type (DOCTYPE) or entity is declared here, which LimeSurvey never writes. "
            + _AGAIN,
            where(),
        )

    def enter(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise source.error(f"nested more than {_MAX_DEPTH} levels deep. {_AGAIN}", where())

    def leave(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise source.error(
            f"this is not well-formed XML ({expat.errors.messages[error.code]}). The file may be "
            f"cut off or edited. {_AGAIN}",
            f"line {error.lineno}",
        ) from None


def _titles(tables: Mapping[str, list[Record]]) -> tuple[dict[str, str], str]:
    """Give the survey's titles and its base language."""
    title = {
        _language(row, "surveyls_language"): without_markup(row.get("surveyls_title", ""))
        for row in tables.get("surveys_languagesettings", [])
    }
    candidates = [
        *(row.get("language", "") for row in tables.get("surveys", [])),
        *(row.get("language", "") for row in tables.get("languages", [])),
    ]
    language = next((language_tag(name) for name in candidates if name), "")
    language = language or next(iter(title), "en")
    base = {language: title[language]} if language in title else {}
    return {tag: text for tag, text in {**base, **title}.items() if text}, language


def _groups(
    tables: Mapping[str, list[Record]], language: str
) -> tuple[dict[str, dict[str, str]], dict[str, int]]:
    names: dict[str, dict[str, str]] = {}
    order: dict[str, int] = {}
    for row in [*tables.get("groups", []), *tables.get("group_l10ns", [])]:
        key = f"group {row.get('gid', '')}"
        order.setdefault(key, _number(row.get("group_order")))
        texts = names.setdefault(key, {})
        if row.get("group_name"):
            texts.setdefault(_language(row, "language", language), _clean(row["group_name"]))
    return names, order


def _questions(
    tables: Mapping[str, list[Record]], language: str, source: Source
) -> dict[str, tuple[Asked, str]]:
    """Give the questions and sub-questions by their number, with that of their parent."""
    found: dict[str, tuple[Asked, str]] = {}
    for table in ("questions", "subquestions"):
        for i, row in enumerate(tables.get(table, []), start=1):
            qid, code = row.get("qid", ""), row.get("title", "")
            if not qid or not code:
                raise source.error(
                    f"the question has no {'code (title)' if qid else 'number (qid)'}. {_AGAIN}",
                    f"table '{table}', row {i}",
                )
            if qid not in found:
                asked = Asked(
                    title=code,
                    type=row.get("type", ""),
                    group=f"group {row.get('gid', '')}",
                    other=row.get("other") == "Y",
                    order=_number(row.get("question_order")),
                    scale=row.get("scale_id") or "0",
                    place=f"question {qid}",
                )
                found[qid] = asked, row.get("parent_qid") or "0"
            if row.get("question"):
                tag = _language(row, "language", language)
                found[qid][0].texts.setdefault(tag, _clean(row["question"]))
    for row in tables.get("question_l10ns", []):
        if row.get("qid") in found and row.get("question"):
            tag = _language(row, "language", language)
            found[row["qid"]][0].texts.setdefault(tag, _clean(row["question"]))
    for row in tables.get("question_attributes", []):
        marked = row.get("attribute") == "hidden" and row.get("value") == "1"
        if marked and row.get("qid") in found:
            found[row["qid"]][0].hidden = True
    return found


def _add_answers(
    tables: Mapping[str, list[Record]], asked: Mapping[str, Asked], language: str
) -> None:
    by_number: dict[str, Answer] = {}
    by_code: dict[tuple[str, str, str], Answer] = {}
    for row in tables.get("answers", []):
        qid, code, scale = row.get("qid", ""), row.get("code", ""), row.get("scale_id") or "0"
        if qid not in asked or scale != "0":
            continue
        answer = by_code.get((qid, code, scale))
        if answer is None:
            answer = Answer(code=code, order=_number(row.get("sortorder")), scale=scale)
            by_code[qid, code, scale] = answer
            asked[qid].answers.append(answer)
        if row.get("aid"):
            by_number[row["aid"]] = answer
        if row.get("answer"):
            tag = _language(row, "language", language)
            answer.texts.setdefault(tag, _clean(row["answer"]))
    for row in [*tables.get("answer_l10ns", []), *tables.get("answers_l10ns", [])]:
        known = by_number.get(row.get("aid", ""))
        if known is not None and row.get("answer"):
            known.texts.setdefault(_language(row, "language", language), _clean(row["answer"]))


def _language(row: Mapping[str, str], key: str, otherwise: str = "en") -> str:
    name = row.get(key, "")
    tag = language_tag(name) if name else otherwise
    return otherwise if tag == UNKNOWN_LANGUAGE else tag


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,9}", text) else 0


def _clean(text: str) -> str:
    return without_markup(text)
