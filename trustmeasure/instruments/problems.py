"""Everything wrong with an instrument, worded one problem a line, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from trustmeasure._checks import near
from trustmeasure.instruments.strict_yaml import Document

Path = tuple[str | int, ...]

# What the patterns of the models mean, by the kind of place where they are used.
_LANGUAGE = "is not a language tag, such as en or pt-BR"
_ID = "expected lower-case letters and digits, joined by hyphens"
_NAME = "expected a name that neither begins nor ends with a space"

# What is expected instead, by pydantic's name of the error; others keep pydantic's wording.
_EXPECTED = {
    "bool_type": "expected true or false",
    "dict_type": "expected keys and values",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "int_from_float": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "model_type": "expected keys and values",
    "string_too_short": "expected at least one character",
    "string_type": "expected text",
    "too_short": "expected at least one",
    "tuple_type": "expected a list",
}


class ProblemsError(ValueError):
    """Several problems, each with the path of the part that has it."""

    def __init__(self, found: list[tuple[Path, str]]) -> None:
        super().__init__("; ".join(message for _, message in found))
        self.found = found


def find_problems(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Path, str]]:
    """Give the place of each problem that pydantic found in an instance of ``model``, worded."""
    problems = error.errors(include_url=False)
    for problem in problems:
        path: Path = tuple(problem["loc"])
        if problem["type"] == "too_short" and any(
            other["loc"][: len(path)] == path and len(other["loc"]) > len(path)
            for other in problems
        ):
            continue  # nothing is left because each part has a problem of its own
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, ProblemsError):
            yield from (((*path, *inner), message) for inner, message in cause.found)
        else:
            is_key = path[-1:] == ("[key]",)
            path = path[:-1] if is_key else path
            yield path, _word(dict(problem), path, is_key, model)


def word_problems(
    error: ValidationError, model: type[BaseModel], document: Document | None
) -> Iterator[str]:
    """Word each problem that pydantic found in an instance of ``model``, with its place."""
    for path, message in find_problems(error, model):
        line = document.line(path) if document else None
        yield f"{name_place(path)}{f' (line {line})' if line else ''}: {message}"


def name_place(path: Path) -> str:
    """Write a path as people do: ``items[3].text``."""
    named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return named.lstrip(".") or "the instrument"


def _word(problem: dict[str, Any], path: Path, is_key: bool, model: type[BaseModel]) -> str:
    kind, value = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        return "this key is not known." + near(path[-1], known_keys(model, path[:-1]))
    if kind == "missing":
        return "this key is missing"
    message = _EXPECTED.get(kind) or str(problem["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        return message
    if kind == "string_pattern_mismatch":
        message = _LANGUAGE if is_key else _ID if path == ("id",) else _NAME
    elif kind == "string_type" and isinstance(value, (int, float)):
        message = "expected text (put it in quotes)"
    return f"{message}; found {_shorten(value)}"


def known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """Give the keys that a part of the instrument at this path may have."""
    for part in path:
        if isinstance(part, int):
            continue
        inner = {f.alias or name: f for name, f in model.model_fields.items()}.get(str(part))
        models = list(_models_in(inner.annotation)) if inner else []
        if not models:
            return []
        model = models[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Find the models inside an annotation such as ``tuple[Item, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
