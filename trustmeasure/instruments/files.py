"""Instruments from and to files: the shipped ones, a user's own, and item texts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trustmeasure._checks import listed
from trustmeasure._files import write_whole
from trustmeasure.errors import InstrumentError
from trustmeasure.instruments.models import Instrument
from trustmeasure.instruments.strict_yaml import MAX_BYTES, Document, parse

ENDINGS = (".yaml", ".yml", ".json")


def shipped_folder() -> Path:
    """Give the folder of the shipped instruments.

    An installed wheel carries them inside the package; a checkout (and so an editable
    install) reads the folder at the top of the repository, so that edits show at once.
    """
    package = Path(__file__).parent.parent
    inside = package / "_instruments"
    return inside if inside.is_dir() else package.parent / "instruments"


def shipped_files() -> dict[str, Path]:
    """Map the id of each shipped instrument to its file, in alphabetical order."""
    return {path.stem: path for path in sorted(shipped_folder().glob("*.yaml"))}


def read_instrument(path: Path) -> Instrument:
    """Read and check one instrument file."""
    source = f"Instrument file '{path}'"
    if path.suffix.lower() not in ENDINGS:
        raise InstrumentError(
            f"{source} ends in '{path.suffix}'; expected one of {', '.join(ENDINGS)}."
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InstrumentError(f"{source} is larger than {MAX_BYTES // 10**6} MB.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InstrumentError(f"{source} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise InstrumentError(
            f"{source} is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from None
    document = (
        _parse_json(text, source) if path.suffix.lower() == ".json" else parse(text, source=source)
    )
    if not isinstance(document.data, dict):
        raise InstrumentError(
            f"{source} holds {type(document.data).__name__}; expected keys and values."
        )
    if document.data.get("schema") != 1:
        raise InstrumentError(
            f"{source} says schema: {document.data.get('schema')!r}; expected schema: 1, the only "
            "version there is. Is this an instrument file?"
        )
    return make_instrument(document.data, source=source, document=document)


def make_instrument(
    data: Mapping[str, Any], *, source: str, document: Document | None = None
) -> Instrument:
    """Check plain data as an instrument; word every problem with its place."""
    try:
        return Instrument.model_validate(data)
    except ValidationError as error:
        problems = list(_word_problems(error, document))
        raise InstrumentError(
            f"{source} has {len(problems)} problem(s):\n" + "\n".join(f"- {p}" for p in problems)
        ) from None


def read_texts(source: str | Path | Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Read item texts from a CSV (id, text and, if needed, language) or a mapping."""
    if isinstance(source, Mapping):
        return {
            str(name): dict(text) if isinstance(text, Mapping) else {"en": str(text)}
            for name, text in source.items()
        }
    path = Path(source)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InstrumentError(f"The item texts '{path}' cannot be read: {error}.") from None
    if not rows or not {"id", "text"} <= set(rows[0]):
        found = listed(rows[0]) if rows else "no rows"
        raise InstrumentError(
            f"The item texts '{path}' need a heading with the columns 'id' and 'text' "
            f"(and 'language', if there are several); found {found}."
        )
    texts: dict[str, dict[str, str]] = {}
    for row in rows:
        language = (row.get("language") or "en").strip()
        texts.setdefault((row["id"] or "").strip(), {})[language] = (row["text"] or "").strip()
    return texts


def write_instrument(
    instrument: Instrument, path: Path, *, overwrite: bool, include_text: bool
) -> Path:
    """Write an instrument as YAML or JSON."""
    suffix = path.suffix.lower()
    if suffix not in ENDINGS:
        raise InstrumentError(f"'{path}' ends in '{suffix}'; expected one of {', '.join(ENDINGS)}.")
    data = instrument.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    # The version of the file format and of the instrument are always written out.
    data = {"schema": 1, "id": data["id"], "version": instrument.version, **data}
    if not include_text:
        data["text"] = "none"
        for item in data["items"]:
            item.pop("text", None)
    if suffix == ".json":
        return write_whole(
            path, json.dumps(data, ensure_ascii=False, indent=2) + "\n", overwrite=overwrite
        )
    import yaml

    data = _with_integer_codes(data)
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return write_whole(path, text, overwrite=overwrite)


def json_schema() -> str:
    """Give the JSON Schema of instrument files, as committed beside them."""
    schema = Instrument.model_json_schema(by_alias=True, mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "trustmeasure instrument"
    schema["required"] = sorted({*schema.get("required", []), "schema", "version"})
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _with_integer_codes(data: dict[str, Any]) -> dict[str, Any]:
    """Write answer codes as numbers: JSON made text of those keys."""
    for answers in data["response_sets"]:
        if "labels" in answers:
            answers["labels"] = {int(code): label for code, label in answers["labels"].items()}
    for item in data["items"]:
        if item.get("score_map"):
            item["score_map"] = {int(code): score for code, score in item["score_map"].items()}
    return data


def _parse_json(text: str, source: str) -> Document:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise InstrumentError(
                f"{source}: the key '{twice[0]}' occurs twice; remove one of them."
            )
        return dict(items)

    try:
        return Document(json.loads(text, object_pairs_hook=pairs))
    except json.JSONDecodeError as error:
        raise InstrumentError(
            f"{source}, line {error.lineno} is not well-formed JSON: {error.msg}."
        ) from None
    except RecursionError:
        raise InstrumentError(f"{source} is nested too deeply.") from None


def _word_problems(error: ValidationError, document: Document | None) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        path = tuple(problem["loc"])
        named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        line = document.line(path) if document else None
        where = (named.lstrip(".") or "the instrument") + (f" (line {line})" if line else "")
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "this key is not known"
        elif problem["type"] == "missing":
            message = "this key is missing"
        elif path and problem["type"] not in ("value_error",):
            message += f"; found {_shorten(problem['input'])}"
        if path and path[-1] in ("version", "id") and problem["type"] == "string_type":
            message += " (put it in quotes)"
        yield f"{where}: {message}"


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
