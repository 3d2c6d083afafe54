"""YAML as the instruments use it: what one sees is what one gets, and nothing is run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from trustmeasure.errors import InstrumentError
from trustmeasure.instruments.files import read_instrument
from trustmeasure.instruments.strict_yaml import MAX_BYTES, MAX_DEPTH, parse


def value_of(text: str) -> object:
    return parse(f"key: {text}\n", source="file 'x.yaml'").data["key"]


def refusal(text: str) -> str:
    with pytest.raises(InstrumentError) as caught:
        parse(text, source="file 'x.yaml'")
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "no", "No", "NO", "yes", "Yes", "on", "off", "Off", "y", "n", "y n",
        "2024-01-01", "2024-01-01T12:30:45Z", "12:30:45", "1:30", "190:20:30",
        "1.10", "1.0", "0.5", "1e3", "1.5e-3", ".5", "-.inf", ".nan", ".inf",
        "010", "0o17", "0x1F", "0b11", "1_000", "+1.0", "007", "00",
        "nUll", "tRue", "=", "9" * 5000,
    ],
)  # fmt: skip
def test_what_looks_like_text_stays_text(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True), ("True", True), ("FALSE", False), ("false", False),
        ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("+7", 7), ("123456789", 123456789),
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
    ],
)  # fmt: skip
def test_booleans_whole_numbers_and_nothing(text: str, expected: object) -> None:
    found = value_of(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["true", "7", "null", "~", "", "no", "1.0"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_make_text(text: str, quote: str) -> None:
    assert value_of(f"{quote}{text}{quote}") == text


def test_block_text_is_text() -> None:
    assert parse("a: |\n  7\nb: >-\n  true\n", source="x").data == {"a": "7\n", "b": "true"}


def test_answer_codes_are_whole_number_keys_unless_quoted() -> None:
    assert parse('{1: a, -2: b, 01: c, "3": d, no: e, 1.5: f}', source="x").data == {
        1: "a", -2: "b", "01": "c", "3": "d", "no": "e", "1.5": "f",
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "!!python/object/new:subprocess.Popen [[true]]",
        "!!str 7", "!!binary aGVsbG8=", "!!set {a}", "!own x", "! x",
    ],
)  # fmt: skip
def test_tags_are_refused(value: str) -> None:
    message = refusal(f"fine: 1\nkey: {value}\n")
    assert message.startswith("file 'x.yaml', line 2: the tag '")
    assert "not allowed" in message


def test_anchors_aliases_and_merges_are_refused() -> None:
    assert "line 2: anchors and aliases" in refusal("a: 1\nb: &here [1]\n")
    assert "line 1: anchors and aliases" in refusal("a: *there\n")
    assert "anchors and aliases" in refusal("base: &base {x: 1}\nother:\n  <<: *base\n")


def test_a_merge_key_alone_is_just_a_key() -> None:
    assert parse("<<: {x: 1}\ny: 2\n", source="x").data == {"<<": {"x": 1}, "y": 2}


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    start = time.perf_counter()
    message = refusal("\n".join(lines))
    assert time.perf_counter() - start < 1
    assert "line 1: anchors and aliases" in message


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: 2\na: 3\n",
        "x: {p: 1}\n'a': 1\na: 3\n",
        "codes:\n\n  {1: x, '1': y}\n",
        "deep:\n  - k: 1\n    k: 2\n",
    ],
)
def test_duplicate_keys_are_refused_with_their_line(text: str) -> None:
    message = refusal(text)
    assert "line 3" in message
    assert "occurs twice" in message


def test_duplicates_in_different_places_are_fine() -> None:
    data = parse("a: {x: 1}\nb: {x: 2}\n", source="x").data
    assert data == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_deep_nesting_is_refused(opening: str, closing: str) -> None:
    fine = MAX_DEPTH - 1
    assert parse("a: " + opening * fine + "1" + closing * fine, source="x").data
    for depth in (MAX_DEPTH + 1, 20_000):
        assert "levels deep" in refusal("a: " + opening * depth + "1" + closing * depth)


def test_large_files_are_refused() -> None:
    assert "larger than 2 MB" in refusal("a: " + "x" * MAX_BYTES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: \x00\n", "line 2 is not plain text: it holds the character U+0000"),
        ("a: \x07\n", "line 1 is not plain text"),
        ("a: 1\n\nb: [1, 2\n", "line 4 is not well-formed YAML"),
        ("a: 1\n\tb: 2\n", "line 2 is not well-formed YAML"),
        ("a: 'open\n", "is not well-formed YAML"),
        ("a: b: c\n", "line 1 is not well-formed YAML"),
        ("a: @x\n", "line 1 is not well-formed YAML"),
        ("a: 1\n? [x, y]\n: 2\n", "line 2: a key must be a word or a number"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document begins here"),
        ("%YAML 3.0\n---\na: 1\n", "line 1 is not well-formed YAML"),
        ("", "is empty"),
        ("\n\n# only a comment\n", "is empty"),
    ],
)
def test_every_refusal_names_the_file_and_what_is_wrong(text: str, words: str) -> None:
    message = refusal(text)
    assert message.startswith("file 'x.yaml'")
    assert words in message


def test_lines_are_known_for_every_part() -> None:
    document = parse("a:\n  - x: 1\n\n  - y: 2\n    z: {deep: 3}\n", source="x")
    assert document.line(("a",)) == 1
    assert document.line(("a", 0, "x")) == 2
    assert document.line(("a", 1)) == 4
    assert document.line(("a", 1, "z", "deep")) == 5
    assert document.line(("a", 1, "nowhere")) == 4, "the nearest part that the file has"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: 1\nb: \xe9t\xe9\n", "line 2 is not UTF-8 text (byte 8)"),
        ("schema: 1\n".encode("utf-16"), "line 1 is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not UTF-8 text"),
        (b"PK\x03\x04\x00\x00", "line 1 is not plain text"),
        (b"", "is empty"),
        (b"<!DOCTYPE html>\n<html></html>\n", "expected keys and values"),
        (b"just words\n", "holds text; expected keys and values"),
        (b"- a\n- b\n", "holds a list; expected keys and values"),
        (b"~\n", "holds nothing; expected keys and values"),
        (b"a: 1\n", "says schema: None; expected schema: 1"),
        (b"schema: '1'\n", "says schema: '1'"),
        (b"schema: true\n", "says schema: True"),
        (b"schema: 2\n", "says schema: 2"),
    ],
)
def test_files_that_are_no_instruments(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(InstrumentError) as caught:
        read_instrument(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfschema: 3\n")
    with pytest.raises(InstrumentError, match="says schema: 3"):
        read_instrument(path)


def test_huge_files_are_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with path.open("wb") as stream:
        stream.truncate(10 * MAX_BYTES)
    with pytest.raises(InstrumentError, match="larger than 2 MB"):
        read_instrument(path)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        | st.dictionaries(st.integers(-99, 99), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain)
def test_whatever_is_written_comes_back(data: object) -> None:
    text = yaml.safe_dump({"key": data}, sort_keys=False)
    found = parse(text, source="x").data["key"]
    assert found == data
    assert repr(found) == repr(data), "1 equals True, so the kinds are compared too"


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused_with_our_own_error(text: str) -> None:
    try:
        message = f"the file: {parse(text, source='x').data}"
    except InstrumentError as error:
        message = str(error).replace("x", "the file", 1)
    assert message.startswith("the file")
