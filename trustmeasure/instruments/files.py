"""Instruments from and to files: the shipped ones, a user's own, and item texts."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trustmeasure._checks import listed, near
from trustmeasure._files import write_whole
from trustmeasure.errors import InstrumentError
from trustmeasure.instruments import strict_json, strict_yaml
from trustmeasure.instruments.models import Instrument
from trustmeasure.instruments.problems import word_problems
from trustmeasure.instruments.strict_yaml import MAX_BYTES, Document, MalformedError

ENDINGS = (".yaml", ".yml", ".json")

_RARE_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
_REST = "cells beyond the heading"


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


def instrument_file(instrument: str | Path) -> Path:
    """Find the file that an id or a path means."""
    if not isinstance(instrument, (str, Path)):
        raise InstrumentError(
            f"instrument={instrument!r} is a {type(instrument).__name__}; expected an id, a path, "
            "or an Instrument."
        )
    shipped = shipped_files()
    if str(instrument) in shipped:
        return shipped[str(instrument)]
    path = Path(instrument)
    if isinstance(instrument, Path) or path.suffix.lower() in ENDINGS:
        return path
    raise InstrumentError(
        f"There is no instrument '{instrument}'."
        + near(instrument, shipped)
        + f" Shipped: {listed(shipped, 30)}. For a file of your own, pass its path."
    )


def read_instrument(path: Path) -> Instrument:
    """Read and check one instrument file."""
    source = f"Instrument file '{path}'"
    document = read_document(path, source=source)
    wrong = wrong_schema(document.data)
    if wrong:
        raise InstrumentError(f"{source} says {wrong}")
    return make_instrument(document.data, source=source, document=document)


def read_document(path: Path, *, source: str) -> Document:
    """Read a file as keys and values, whatever they say."""
    if path.suffix.lower() not in ENDINGS:
        raise MalformedError(
            source, None, f" ends in '{path.suffix}'; expected one of {', '.join(ENDINGS)}."
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MalformedError(source, None, f" is larger than {MAX_BYTES // 10**6} MB.")
        raw = path.read_bytes()
    except OSError as error:
        raise MalformedError(source, None, f" cannot be read: {error.strerror or error}.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError(
            source,
            raw.count(b"\n", 0, error.start) + 1,
            f" is not UTF-8 text (byte {error.start}). Save it as UTF-8.",
        ) from None
    parse = strict_json.parse if path.suffix.lower() == ".json" else strict_yaml.parse
    document = parse(text, source=source)
    if not isinstance(document.data, dict):
        kinds = {list: "a list", str: "text", type(None): "nothing"}
        kind = kinds.get(type(document.data), repr(document.data))
        raise MalformedError(source, None, f" holds {kind}; expected keys and values.")
    return document


def wrong_schema(data: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the version of the file format, if anything is."""
    version = data.get("schema")
    if version == 1 and not isinstance(version, bool):
        return None
    return (
        f"schema: {version!r}; expected schema: 1, the only version there is. "
        "Is this an instrument file?"
    )


def make_instrument(
    data: Mapping[str, Any], *, source: str, document: Document | None = None
) -> Instrument:
    """Check plain data as an instrument; word every problem with its place."""
    try:
        return Instrument.model_validate(data)
    except ValidationError as error:
        problems = list(word_problems(error, Instrument, document))
        raise InstrumentError(
            f"{source} has {len(problems)} problem(s):\n" + "\n".join(f"- {p}" for p in problems)
        ) from None


def read_texts(source: str | Path | Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Read item texts from a CSV (id, text and, if needed, language) or a mapping."""
    if isinstance(source, Mapping):
        return _mapped_texts(source)
    if not isinstance(source, (str, Path)):
        raise InstrumentError(
            f"The item texts are given as a {type(source).__name__}; expected the path of a CSV "
            "file, or a mapping from item ids to texts."
        )
    path = Path(source)
    where = f"The file of item texts '{path}'"
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restkey=_REST, strict=True)
            heading = list(reader.fieldnames or ())
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InstrumentError(f"{where} cannot be read: {error}.") from None
    if not rows or not {"id", "text"} <= set(heading):
        found = listed(heading) if heading else "nothing"
        raise InstrumentError(
            f"{where} needs a heading with the columns 'id' and 'text' (and 'language', if there "
            f"are several), and a row for each text; found {found}"
            f"{' and no rows' if heading and not rows else ''}."
        )
    texts: dict[str, dict[str, str]] = {}
    for line, row in rows:
        if _REST in row:
            raise InstrumentError(
                f"{where}, line {line} has more cells than the heading. Put a text that holds a "
                "comma in quotes."
            )
        item, text = ((row[key] or "").strip() for key in ("id", "text"))
        language = (row.get("language") or "en").strip()
        if not item or not text:
            raise InstrumentError(f"{where}, line {line} lacks the {'text' if item else 'id'}.")
        if language in texts.setdefault(item, {}):
            raise InstrumentError(
                f"{where}, line {line} gives a second text ({language}) for item '{item}'."
            )
        texts[item][language] = text
    return texts


def _mapped_texts(source: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {
        str(name): dict(text) if isinstance(text, Mapping) else {"en": text}
        for name, text in source.items()
    }
    for name, text in texts.items():
        for language, words in text.items():
            if not isinstance(words, str) or not words.strip():
                raise InstrumentError(
                    f"The text ({language}) for item '{name}' is {words!r}; expected words."
                )
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
    for tag, state in data.get("translations", {}).items():  # said, not left to a default
        data["translations"][tag] = {"status": instrument.translations[tag].status, **state}
    if not include_text:
        data["text"] = "none"
        for item in data.get("items", ()):
            item.pop("text", None)
    if suffix == ".json":
        return write_whole(
            path, json.dumps(data, ensure_ascii=False, indent=2) + "\n", overwrite=overwrite
        )
    import yaml

    data = _with_integer_codes(data)
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    if _RARE_BREAKS.search(text):  # PyYAML writes these in a way that it does not read back
        text = yaml.safe_dump(data, sort_keys=False, width=100)
    return write_whole(path, text, overwrite=overwrite)


def json_schema() -> str:
    """Give the JSON Schema of instrument files, as committed beside them."""
    schema = _tidy(Instrument.model_json_schema(by_alias=True, mode="validation"))
    required = sorted({*schema.pop("required", []), "schema", "version"})
    parts = ("response_sets", "items", "scales")
    scored = {"required": [*parts], "properties": {part: {"minItems": 1} for part in parts}}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "trustmeasure instrument",
        "required": required,
        "anyOf": [{"required": ["unscored"]}, scored],
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tidy(node: Any, *, names: bool = False) -> Any:
    """Say in the schema what the models check besides, and leave out what says nothing.

    ``names`` is true for a mapping whose keys are names of keys, not words of JSON Schema.
    """
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {name: _tidy(part) for name, part in node.items()}
    tidy = {
        key: _tidy(value, names=key in ("properties", "$defs", "patternProperties"))
        for key, value in node.items()
        if key != "title"  # the key itself, with a capital letter
    }
    if "description" in tidy:
        tidy["description"] = " ".join(tidy["description"].split("\n\n")[0].split())
    if "patternProperties" in tidy:  # languages: a key that is no language tag is an error
        tidy["additionalProperties"] = False
    elif isinstance(tidy.get("additionalProperties"), dict) and "x-codes" in tidy:
        tidy["patternProperties"] = {"^-?[0-9]+$": tidy["additionalProperties"]}
        tidy["additionalProperties"] = False
    if "x-or-text" in tidy:
        tidy["anyOf"] = [*tidy["anyOf"], {"type": "string"}]
    tidy.pop("x-codes", None)
    tidy.pop("x-or-text", None)
    return tidy


def _with_integer_codes(data: dict[str, Any]) -> dict[str, Any]:
    """Write answer codes as numbers: JSON made text of those keys."""
    for key, part in (("response_sets", "labels"), ("facets", "anchors"), ("items", "score_map")):
        for holder in data.get(key, ()):
            if holder.get(part):
                holder[part] = {int(code): value for code, value in holder[part].items()}
    return data
