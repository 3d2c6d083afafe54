"""Qualtrics surveys (QSF): the questions that they define."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trustmeasure.platforms.definitions import Choice, Definition, LeftOut, Question
from trustmeasure.platforms.sources import UNKNOWN_LANGUAGE, Source, language_tag
from trustmeasure.platforms.wording import without_markup

# Question types that are no scale of answers: what they are, and why they are left out.
_OTHER_TYPES = {
    "TE": ("text entry", "free answers"),
    "DB": ("descriptive text", "nothing is asked"),
    "Timing": ("timing", "it measures time on the page"),
    "Slider": ("slider", "its answers are no closed list of codes"),
    "RO": ("rank order", "ranks are no ratings"),
    "CS": ("constant sum", "answers that must add up are no ratings"),
    "HeatMap": ("heat map", "places on a picture"),
    "HotSpot": ("hot spot", "places on a picture"),
    "DD": ("drill down", "answers depend on each other"),
    "SBS": ("side by side", "several answers a row"),
    "FileUpload": ("file upload", "files"),
    "Draw": ("signature", "a drawing"),
    "Captcha": ("captcha", "a check against robots"),
    "Meta": ("browser information", "nothing is asked"),
    "PGR": ("pick, group and rank", "groups are no ratings"),
    "GAP": ("graphic slider", "its answers are no closed list of codes"),
    "Highlight": ("highlight", "marks in a text"),
}
_SINGLE = {"SAVR", "SAHR", "SACOL", "DL", "SB", "NPS"}
_MULTIPLE = {"MAVR", "MAHR", "MACOL", "MSB"}
_MATRIX_SELECTORS = {
    "TE": "text matrix",
    "CS": "constant-sum matrix",
    "RO": "rank-order matrix",
    "Bipolar": "bipolar matrix",
    "Profile": "profile matrix",
    "MaxDiff": "MaxDiff matrix",
}


def is_definition(source: Source) -> bool:
    """Tell a QSF by its first key."""
    start = source.data[:2000].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"{") and (
        b'"SurveyEntry"' in start or b'"SurveyElements"' in start[:200]
    )


def read_definition(source: Source) -> Definition:
    """Read a QSF: its questions in the order in which they are asked."""
    document = _parse(source)
    elements = _elements(document, source)
    entry = document.get("SurveyEntry")
    entry = entry if isinstance(entry, dict) else {}
    language = language_tag(str(entry.get("SurveyLanguage") or "EN"))
    if language == UNKNOWN_LANGUAGE:
        language = "en"
    survey = _Survey(elements, source, language)
    questions: list[Question] = []
    left_out: list[LeftOut] = []
    for part in survey.parts():
        (questions if isinstance(part, Question) else left_out).append(part)  # type: ignore[arg-type]
    return Definition(
        platform="Qualtrics",
        title={language: without_markup(str(entry.get("SurveyName") or ""))},
        language=language,
        questions=tuple(questions),
        left_out=tuple(left_out),
        titles=survey.titles,
        mend="give them with Recode Values in Qualtrics and export again",
        piping=r"\$\{\w+://[^}]*\}",
    )


def _parse(source: Source) -> dict[str, Any]:
    try:
        document = json.loads(source.text)
    except json.JSONDecodeError as error:
        raise source.error(
            f"this is not well-formed JSON ({error.msg}). The file may be cut off or edited; "
            "export it again (Survey > Tools > Import/Export > Export survey).",
            f"line {error.lineno}, character {error.colno}",
        ) from None
    except (ValueError, RecursionError):
        raise source.error(
            "is not JSON as Qualtrics writes it (a number too long, or nested too deeply). "
            "Export it again."
        ) from None
    if not isinstance(document, dict) or not isinstance(document.get("SurveyElements"), list):
        raise source.error(
            "has no list 'SurveyElements', which holds the questions of a Qualtrics survey. Export "
            "the survey again (Survey > Tools > Import/Export > Export survey, .qsf)."
        )
    return document


def _elements(document: Mapping[str, Any], source: Source) -> list[Mapping[str, Any]]:
    for i, element in enumerate(document["SurveyElements"]):
        if not isinstance(element, dict) or not isinstance(element.get("Element"), str):
            raise source.error(
                "expected an element with the key 'Element'. Export the survey again.",
                f"SurveyElements[{i}]",
            )
        if element["Element"] == "SQ" and not isinstance(element.get("Payload"), dict):
            raise source.error(
                "the question has no 'Payload'. Export the survey again.",
                f"SurveyElements[{i}] ({element.get('PrimaryAttribute')})",
            )
    return list(document["SurveyElements"])


class _Survey:
    """The elements of a QSF, put together."""

    def __init__(
        self, elements: Sequence[Mapping[str, Any]], source: Source, language: str
    ) -> None:
        self.source, self.language = source, language
        self.titles: dict[str, dict[str, str]] = {}
        self.questions: dict[str, Mapping[str, Any]] = {}
        for element in elements:
            if element["Element"] == "SQ":
                payload = element["Payload"]
                name = str(payload.get("QuestionID") or element.get("PrimaryAttribute") or "")
                self.questions[name] = payload
        self.blocks = _blocks(elements)

    def parts(self) -> Iterator[Question | LeftOut]:
        """Give all questions, block after block, as items or as left out."""
        seen: set[str] = set()
        for i, block in enumerate(self.blocks):
            key = f"block {block.get('ID') or i}"
            self.titles[key] = {self.language: without_markup(str(block.get("Description") or ""))}
            for name in _question_ids(block):
                payload = self.questions.get(name)
                if payload is None:
                    yield LeftOut(name, "question", "a block names it, but the file lacks it")
                elif name not in seen:
                    seen.add(name)
                    yield from self._question(name, payload, key, block)
        alone = "" if not self.blocks else "it is in no block, so nobody sees it"
        for name, payload in self.questions.items():
            if name in seen:
                continue
            if alone:
                yield self._left_out(name, payload, "question", alone)
            else:
                yield from self._question(name, payload, "", {})

    def _question(
        self, name: str, payload: Mapping[str, Any], block_key: str, block: Mapping[str, Any]
    ) -> Iterator[Question | LeftOut]:
        outside = _outside(payload, block)
        if outside:
            yield self._left_out(name, payload, *outside)
            return
        kind = str(payload.get("QuestionType"))
        selector, sub = str(payload.get("Selector")), str(payload.get("SubSelector"))
        if kind in _OTHER_TYPES:
            yield self._left_out(name, payload, *_OTHER_TYPES[kind])
        elif payload.get("DynamicChoices"):
            yield self._left_out(
                name, payload, "carried forward", "its choices come from another question's answers"
            )
        elif kind == "MC" and selector in _SINGLE:
            yield self._single(name, payload, block_key)
        elif kind == "MC" and selector in _MULTIPLE:
            yield self._left_out(name, payload, "multiple answer", "several answers a person")
        elif kind == "Matrix" and selector == "Likert" and sub != "MultipleAnswer":
            yield from self._matrix(name, payload, block_key)
        elif kind == "Matrix":
            called = _MATRIX_SELECTORS.get(selector, "multiple-answer matrix")
            yield self._left_out(name, payload, called, "not one answer of a common list a row")
        else:
            yield self._left_out(
                name, payload, f"{kind} {selector}", "questions of this type are not imported"
            )

    def _single(self, name: str, payload: Mapping[str, Any], block: str) -> Question:
        tag = _tag(name, payload)
        return Question(
            name=tag,
            text=self._texts(payload, "QuestionText"),
            choices=self._choices(payload, "Choices", "ChoiceOrder"),
            place=name,
            aliases=(name,),
            block=block,
        )

    def _matrix(self, name: str, payload: Mapping[str, Any], block: str) -> Iterator[Question]:
        tag = _tag(name, payload)
        self.titles[tag] = self._texts(payload, "QuestionText")
        choices = self._choices(payload, "Answers", "AnswerOrder")
        own = payload.get("ChoiceDataExportTags")
        own = own if isinstance(own, dict) else {}
        rows = _ordered(payload.get("Choices"), payload.get("ChoiceOrder"))
        for key in rows:
            numbered = f"{tag}_{key}"
            given = str(own.get(key) or "").strip()
            # A bare number is no name of a column: it stands behind the question's tag.
            column = given if given and not given.isdigit() else f"{tag}_{given or key}"
            text = self._displays(payload, "Choices", key)
            yield Question(
                name=column,
                text=text if any(text.values()) or len(rows) > 1 else self.titles[tag],
                choices=choices,
                kind="matrix",
                place=f"{name}, statement {key}",
                aliases=tuple(
                    alias
                    for alias in (f"{name}_{key}", numbered, f"{tag}_{given}" if given else "")
                    if alias not in ("", column)
                ),
                matrix=tag,
                block=block,
            )

    def _choices(self, payload: Mapping[str, Any], field: str, order: str) -> tuple[Choice, ...]:
        recoded = payload.get("RecodeValues")
        if isinstance(recoded, list):  # as PHP writes a mapping whose keys run from 0
            recoded = {str(i): value for i, value in enumerate(recoded)}
        recoded = recoded if isinstance(recoded, dict) else {}
        return tuple(
            Choice(
                code=str(recoded[key] if recoded.get(key) not in (None, "") else key).strip(),
                labels=self._displays(payload, field, key),
            )
            for key in _ordered(payload.get(field), payload.get(order))
        )

    def _displays(self, payload: Mapping[str, Any], field: str, key: str) -> dict[str, str]:
        """Give the text of a choice in all languages."""
        found = {self.language: _display(_mapping(payload.get(field)).get(key))}
        for tag, translated in _translations(payload):
            found.setdefault(tag, _display(_mapping(translated.get(field)).get(key)))
        return {tag: text for tag, text in found.items() if text}

    def _texts(self, payload: Mapping[str, Any], field: str) -> dict[str, str]:
        found = {self.language: without_markup(str(payload.get(field) or ""))}
        for tag, translated in _translations(payload):
            found.setdefault(tag, without_markup(str(translated.get(field) or "")))
        return {tag: text for tag, text in found.items() if text}

    def _left_out(self, name: str, payload: Mapping[str, Any], kind: str, reason: str) -> LeftOut:
        wording = without_markup(str(payload.get("QuestionText") or ""))
        return LeftOut(_tag(name, payload), kind, reason, wording)


def _outside(payload: Mapping[str, Any], block: Mapping[str, Any]) -> tuple[str, str] | None:
    """Tell questions of which exports hold no column, or several."""
    if block.get("Type") == "Trash":
        return "trash", "it is among the survey's unused questions"
    visibility = payload.get("DataVisibility")
    if isinstance(visibility, dict) and visibility.get("Hidden") in (True, "true"):
        return "hidden", "its answers are hidden from the results"
    options = block.get("Options")
    looping = options.get("Looping") if isinstance(options, dict) else None
    if looping and str(looping).casefold() not in ("none", "false"):
        return "looped", "its block is repeated, with a column for each round (1_…, 2_…)"
    return None


def _blocks(elements: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give the blocks in the order of the survey's flow, as far as it names them."""
    blocks: list[Mapping[str, Any]] = []
    flow: dict[str, int] = {}
    for element in elements:
        payload = element.get("Payload")
        if element["Element"] == "BL":
            found = payload.values() if isinstance(payload, dict) else payload or []
            blocks += [block for block in found if isinstance(block, dict)]
        elif element["Element"] == "FL":
            stack = [payload]
            while stack:
                node = stack.pop()
                if isinstance(node, dict):
                    if isinstance(node.get("ID"), str):
                        flow.setdefault(node["ID"], len(flow))
                    inner = node.get("Flow")
                    stack += reversed(inner) if isinstance(inner, list) else []
    last = len(flow)
    return sorted(
        blocks,
        key=lambda block: (block.get("Type") == "Trash", flow.get(str(block.get("ID")), last)),
    )


def _question_ids(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("BlockElements")
    for element in _mapping(elements).values():
        if isinstance(element, dict) and isinstance(element.get("QuestionID"), str):
            yield element["QuestionID"]


def _tag(name: str, payload: Mapping[str, Any]) -> str:
    return str(payload.get("DataExportTag") or name).strip() or name


def _mapping(value: Any) -> dict[str, Any]:
    """Read a mapping, which PHP writes as a list where its keys run from 0."""
    if isinstance(value, dict):
        return {str(key): entry for key, entry in value.items()}
    return {str(i): entry for i, entry in enumerate(value)} if isinstance(value, list) else {}


def _ordered(choices: Any, order: Any) -> list[str]:
    """Give the keys of choices in order; the order may mix numbers and texts."""
    known = _mapping(choices)
    wanted = [str(key) for key in order if str(key) in known] if isinstance(order, list) else []
    return list(dict.fromkeys(wanted)) or list(known)


def _display(choice: Any) -> str:
    if not isinstance(choice, dict):
        return ""
    return without_markup(str(choice.get("Display") or ""))


def _translations(payload: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    languages = payload.get("Language")
    if isinstance(languages, dict):
        for name, translated in languages.items():
            tag = language_tag(str(name))
            if isinstance(translated, dict) and re.fullmatch(r"\S+", tag):
                yield tag, translated
