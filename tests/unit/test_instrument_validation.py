"""Validation of instrument files: all problems in one run, errors as loading has them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trustmeasure as tm
from trustmeasure.instruments import Problem, Validation
from trustmeasure.instruments.files import shipped_files
from trustmeasure.instruments.readability import flesch_kincaid
from trustmeasure.instruments.strict_yaml import parse

# ruff: noqa: E501  (a case a line)

AGREE = {
    "id": "agree5",
    "min": 1,
    "max": 5,
    "labels": {1: {"en": "Strongly disagree"}, 5: {"en": "Strongly agree"}},
}
GOOD: dict[str, Any] = {
    "schema": 1,
    "id": "good",
    "version": "1.0.0",
    "title": {"en": "Good"},
    "referents": [{"en": "my team"}],
    "facets": [{"id": "talk", "title": {"en": "Talk"}}, {"id": "help"}],
    "forms": [{"id": "left"}, {"id": "right"}],
    "response_sets": [AGREE],
    "items": [
        {"id": "a1", "text": {"en": "We talk in {referent}."}, "form": "left", "pair": "p1"},
        {"id": "a2", "text": {"en": "Doubts stay hidden."}, "form": "left", "pair": "p2"},
        {"id": "b1", "text": {"en": "They talk in {referent}."}, "form": "right", "pair": "p1"},
        {"id": "b2", "text": {"en": "Their doubts are hidden."}, "form": "right", "pair": "p2"},
    ],
    "scales": [
        {"id": "left_scale", "items": ["a1", "a2"]},
        {"id": "right_scale", "items": ["b1", "b2"]},
    ],
}
for _item, _facet in zip(GOOD["items"], ["talk", "help", "talk", "help"], strict=True):
    _item |= {"response_set": "agree5", "facet": _facet}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Give the good instrument with other values; None removes the key."""
    data = copy.deepcopy(GOOD)
    for path, value in changes:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        part: Any = data
        for step in way:
            part = part[step]
        if value is None:
            del part[last]
        else:
            part[last] = value
    return data


def write(folder: Path, data: Any, name: str = "good.yaml") -> Path:
    path = folder / name
    dump = json.dumps if name.endswith(".json") else yaml.safe_dump
    path.write_text(
        dump(data, **({"sort_keys": False} if dump is yaml.safe_dump else {"indent": 1}))
    )
    return path


def check(folder: Path, *changes: tuple[str, Any]) -> Validation:
    return tm.validate_instrument(write(folder, changed(*changes)))


def rules(found: Validation) -> set[tuple[str, str]]:
    return {(problem.path, problem.rule) for problem in found.problems}


# -- errors ----------------------------------------------------------------------------------------


def test_a_good_file_has_no_problems(tmp_path: Path) -> None:
    found = check(tmp_path)
    assert found.problems == ()
    assert found.ok
    assert found.summary().endswith("good.yaml': no problems found.")
    assert list(found.to_frame().columns) == ["level", "path", "line", "message", "rule"]


def test_problems_of_every_kind_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(
        """\
schema: 1
id: good
version: 1
title: {en: Good}
colour: blue
response_sets:
  - {id: agree5, min: 1, max: 5, labels: {1: No, 5: Yes}}
  - {id: upside, min: 5, max: 1}
items:
  - {id: a1, text: We talk., response_set: agree5, reverse: yes}
  - {id: a2, text: We hide., response_set: agree6}
  - {id: a2, text: We help., response_set: agree5}
  - {id: a4, text: We listen., response_set: agree5, txet: x}
  - {id: a5, text: We do not talk., response_set: agree5}
scales:
  - {id: one, items: [a1, a2, zz], method: median}
  - {id: two, items: []}
aliases: {Q1: a9}
evidence:
  - {statistic: alpha, value: high, source: Me, scale: three}
""",
        encoding="utf-8",
    )
    found = tm.validate_instrument(path)
    assert [
        (problem.path, problem.line)
        for problem in sorted(found.errors, key=lambda p: (p.line or 0, p.path))
    ] == [
        ("version", 3),
        ("colour", 5),
        ("response_sets[1]", 8),
        ("items[0].reverse", 10),
        ("items[1]", 11),
        ("items[2]", 12),
        ("items[3].txet", 13),
        ("scales[0].items", 16),
        ("scales[0].method", 16),
        ("scales[1]", 17),
        ("aliases.Q1", 18),
        ("evidence[0]", 20),
        ("evidence[0].value", 20),
    ]
    assert ("items[4]", "keying") in rules(found)
    assert "Did you mean 'text'?" in next(p.message for p in found.errors if "txet" in p.path)
    assert "unknown item(s) 'zz'" in next(
        p.message for p in found.errors if p.path == "scales[0].items"
    )
    with pytest.raises(tm.InstrumentError):
        tm.load_instrument(path)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        # A mended guess must not look like a second problem.
        ([("items.0.id", None)], {"items[0].id"}),
        ([("items.0.id", 7)], {"items[0].id", "scales[0].items"}),
        ([("items.0.text", 7)], {"items[0].text"}),
        ([("items.0.response_set", ["x"])], {"items[0].response_set"}),
        ([("response_sets.0.min", "one")], {"response_sets[0].min"}),
        ([("response_sets.0.max", None)], {"response_sets[0].max"}),
        ([("response_sets.0.id", {"x": 1})], {"response_sets[0].id"}),
        ([("response_sets", "agree5")], {"response_sets"}),
        ([("items", {"a": 1})], {"items"}),
        ([("scales", None)], {"scales"}),
        ([("scales.0.items", ["a1", "a1"])], {"scales[0]"}),
        ([("scales.0.min_valid", 9)], {"scales[0]"}),
        ([("scales.0.items", [1, "a2"])], {"scales[0].items[0]", "scales[0].items"}),
        ([("facets.0.id", "tlak")], {"items[0].facet", "items[2].facet"}),
        ([("facets.0", "talk")], {"facets[0]"}),
        ([("items.1", "a2")], {"items[1]"}),
        ([("title", None)], {"title"}),
        ([("title", 3)], {"title"}),
        ([("id", "No Good")], {"id"}),
        ([("schema", 2)], {"schema"}),
        ([("schema", None), ("items.0.reverse", 1)], {"schema", "items[0].reverse"}),
        ([("unscored", "Not a scale.")], {"unscored"}),
        ([("status", "validated")], {"status"}),
        ([("status", "fine")], {"status"}),
        ([("items.0.text", {"en_US": "We talk."})], {"items[0].text.en_US"}),
        ([("items.0.score_map", {1: 1}), ("items.0.colour", 1)], {"items[0].score_map", "items[0].colour"}),
        (
            [("items.0.score_map", {1: 1}), ("items.0.reverse", True), ("items.0.facet", "none")],
            {"items[0]", "items[0].facet"},
        ),
        ([("items.2.pair", "p1"), ("items.2.form", "left")], {"items[2].pair"}),
    ],
)  # fmt: skip
def test_each_fault_is_named_once(
    tmp_path: Path, changes: list[tuple[str, Any]], errors: set[str]
) -> None:
    found = check(tmp_path, *changes)
    assert {problem.path for problem in found.errors} == errors
    assert len(found.errors) == len(errors)
    assert all(problem.line for problem in found.errors)


def test_a_value_may_have_several_problems(tmp_path: Path) -> None:
    strange = [{"en": "my team"}, {"title": {"en": "A"}, "source": {"en": "B"}}, {"en": 3}]
    found = check(tmp_path, ("referents", strange), ("items.0.facet", "none"))
    assert [(problem.path, problem.message.split(";")[0]) for problem in found.errors] == [
        ("referents[1].title", "is not a language tag, such as en or pt-BR"),
        ("referents[1].title", "expected text"),
        ("referents[1].source", "is not a language tag, such as en or pt-BR"),
        ("referents[1].source", "expected text"),
        ("referents[2].en", "expected text (put it in quotes)"),
        ("items[0].facet", found.errors[-1].message),
    ]


def test_parts_of_which_nothing_can_be_read_do_not_hide_the_others(tmp_path: Path) -> None:
    parts = {"items.0": "a1", "scales.0": 3, "facets.0": None, "forms.0": [], "evidence": [7]}
    found = check(
        tmp_path,
        *((path, value) for path, value in parts.items() if value is not None),
        ("response_sets.0.max", 0),
        ("aliases", {"Q1": "zz"}),
        ("scales.1.items", ["b1", "b9"]),
    )
    assert {problem.path for problem in found.errors} == {
        "items[0]", "scales[0]", "forms[0]", "evidence[0]", "response_sets[0]",
    }  # fmt: skip


def test_a_misspelt_section_is_read_as_meant(tmp_path: Path) -> None:
    data = changed(("items.1.response_set", "agree7"))
    data["itmes"] = data.pop("items")
    found = tm.validate_instrument(write(tmp_path, data))
    assert [problem.path for problem in found.errors] == ["itmes", "itmes[1]"]
    assert "Did you mean 'items'" in found.errors[0].message
    assert found.errors[1].line == parse((tmp_path / "good.yaml").read_text(), source="x").line(
        ("itmes", 1)
    )


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("x.yaml", b"schema: 1\nid: [x\n", 3, "not well-formed YAML"),
        ("x.yaml", b"schema: 1\nid: x\nid: y\n", 3, "the key 'id' occurs twice"),
        ("x.yaml", b"schema: 1\nid: &a x\n", 2, "anchors and aliases"),
        ("x.yaml", b"schema: 1\ntitle: caf\xe9\n", 2, "not UTF-8"),
        ("x.yaml", b"\x00\x01\x02\n", 1, "not plain text"),
        ("x.yaml", b"", None, "empty"),
        ("x.yaml", b"- 1\n", None, "holds a list"),
        ("x.json", b'{"schema": 1,\n "id": }', 2, "not well-formed JSON"),
        ("x.json", b"", 1, "not well-formed JSON"),
        ("x.txt", b"schema: 1\n", None, "ends in '.txt'"),
    ],
)
def test_what_cannot_be_read_is_one_error(
    tmp_path: Path, name: str, content: bytes, line: int | None, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (problem,) = tm.validate_instrument(path).problems
    assert (problem.level, problem.line, problem.rule) == ("error", line, "unreadable")
    assert words in problem.message
    with pytest.raises(tm.InstrumentError, match=words.replace("'", ".")):
        tm.load_instrument(path)


def test_a_missing_file_is_a_problem_and_an_unknown_id_an_error(tmp_path: Path) -> None:
    (problem,) = tm.validate_instrument(tmp_path / "none.yaml").problems
    assert "cannot be read" in problem.message
    with pytest.raises(tm.InstrumentError, match="Did you mean 'trust-pulse'"):
        tm.validate_instrument("trust-puls")
    with pytest.raises(tm.InstrumentError, match="expected an id, a path"):
        tm.validate_instrument(3)  # type: ignore[arg-type]


def test_json_problems_have_lines_too(tmp_path: Path) -> None:
    path = write(tmp_path, changed(("items.1.reverse", "yes"), ("colour", "blue")), "good.json")
    lines = path.read_text().splitlines()
    found = {problem.path: problem.line for problem in tm.validate_instrument(path).errors}
    assert '"reverse": "yes"' in lines[int(found["items[1].reverse"] or 0) - 1]
    assert '"colour"' in lines[int(found["colour"] or 0) - 1]


SPOILS = st.sampled_from(
    [None, "", " x ", 0, 3, -1, 1.5, True, "yes", "a1", "agree5", [], ["a1"], {}, {"en": "T"},
     {"id": "x"}, {"title": {"en": "T"}}, {1: "One"}, [{"id": "a1"}], [[]]]
)  # fmt: skip


def nodes(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key in (
        data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    ):
        yield from nodes(data[key], (*path, key))


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    for _ in range(draw(st.integers(0, 4))):
        *way, last = draw(st.sampled_from(list(nodes(data))))
        part: Any = data
        for step in way:
            part = part[step]
        how = draw(st.sampled_from(["replace", "remove", "rename", "repeat"]))
        if how == "replace":
            part[last] = copy.deepcopy(draw(SPOILS))
        elif how == "remove":
            del part[last]
        elif isinstance(part, dict):
            part[f"{last}s" if how == "rename" else "zz"] = part.pop(last)
        else:
            part.append(copy.deepcopy(part[last]))
    return data


@given(data=spoiled())
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_there_are_errors_exactly_if_loading_refuses(data: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path, data, "good.json")
    found = tm.validate_instrument(path)
    try:
        tm.load_instrument(path)
    except tm.InstrumentError as error:
        assert not found.ok
        if "problem(s)" in str(error):  # and nothing that loading says is left out
            said = {line.rsplit(": ", 1)[-1] for line in str(error).splitlines()[1:]}
            assert said <= {problem.message.rsplit(": ", 1)[-1] for problem in found.errors}
    else:
        assert found.ok, found.errors


@pytest.mark.parametrize("name", sorted(shipped_files()))
def test_shipped_instruments_have_no_errors(name: str) -> None:
    found = tm.validate_instrument(name)
    assert found.ok, found
    assert {p.rule for p in found.warnings} <= {"unconfirmed", "status", "keying"}
    loaded = tm.validate_instrument(tm.load_instrument(name))
    assert {(p.level, p.path, p.message) for p in loaded.problems} == {
        (p.level, p.path, p.message) for p in found.problems
    }
    assert all(problem.line is None for problem in loaded.problems)


# -- warnings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("scales.0.items", ["a1"])], {("items[1]", "unused-item")}),
        ([("items.1.text.en", "We talk in {referent}!")], {("items[1].text", "duplicate")}),
        (
            [
                ("items.0.text.en", "In {referent} we always tell others about bad news early."),
                ("items.1.text.en", "In {referent} we always tell others about bad news too."),
            ],
            {("items[1].text", "near-duplicate")},
        ),
        ([("items.1.text.en", "They talk in {referent}.")], set()),  # the other form's wording
        ([("items.1.text.en", "We don't talk.")], {("items[1]", "keying")}),
        ([("items.1.text.en", "We not only talk.")], set()),
        ([("items.1.text.en", "We don't talk."), ("items.1.reverse", True)], {("items[1].text", "double-negative")}),
        (
            [("items.0.text.en", "We never talk."), ("items.1.text.en", "Nobody helps."), ("referents", None),
             ("items.2.text.en", "They talk.")],
            set(),  # a scale of negated items
        ),
        ([("response_sets.0.labels", None)], {("response_sets[0]", "labels")}),
        ([("response_sets.0.labels", {1: "No"})], {("response_sets[0].labels", "labels")}),
        ([("response_sets.0.labels", {1: "No", 2: "Hm", 5: "Yes"})], {("response_sets[0].labels", "labels")}),
        ([("response_sets.0.labels", {1: "No", 3: "Hm", 5: "Yes"})], set()),
        ([("response_sets.0.labels", {1: "Agree", 5: "Disagree"})], {("response_sets[0].labels", "direction")}),
        (
            [("response_sets", [AGREE, {"id": "other", "min": 1, "max": 7, "labels": {1: "Strongly agree", 7: "Strongly disagree"}}])],
            {("response_sets[1].labels", "direction")},
        ),
        (
            [("items.0.text.es", "Se habla."), ("translations", {"es": {}})],
            {("items[0].text", "referent"), ("items", "language"), ("referents[0]", "language"),
             ("response_sets[0].labels", "language")},
        ),
        ([("translations", {"es": {}})], {("translations.es", "translation")}),
        ([("referents", None)], {("items[0].text", "referent"), ("items[2].text", "referent")}),
        ([("items.0.text.en", "We talk in {team}.")], {("items[0].text", "placeholder")}),
        (
            [("items.0.text.en", "We talk."), ("items.2.text.en", "They talk.")],
            {("referents", "referent")},
        ),
        ([("items.3.pair", "p3")], {("items[1].pair", "pair"), ("items[3].pair", "pair")}),
        ([("items.3.pair", None)], {("items[1].pair", "pair"), ("items", "pair")}),
        ([("items.3.form", None)], {("items[3].pair", "pair")}),
        ([("facets", [{"id": "talk"}, {"id": "help"}, {"id": "rest"}])], {("facets[2]", "empty-facet")}),
        ([("forms", [{"id": "left"}, {"id": "right"}, {"id": "up"}])],
         {("forms[2]", "empty-form"), ("items[0].pair", "pair"), ("items[1].pair", "pair")}),
        ([("items.0.facet", None)], {("items", "no-facet")}),
        (
            [("items.1.text.en", "Organisational communication facilitates interpersonal understanding.")],
            {("items[1].text", "reading-level")},
        ),
        (
            [("items.0.confirmed", False), ("scales.0.confirmed", False), ("response_sets.0.range_confirmed", False)],
            {("items", "unconfirmed"), ("scales[0]", "unconfirmed"), ("response_sets[0]", "unconfirmed")},
        ),
        (
            [("status", "validated"), ("evidence", [{"statistic": "alpha", "value": 1, "source": "X", "confirmed": False}])],
            {("evidence[0]", "unconfirmed"), ("status", "status")},
        ),
        ([("evidence", [{"statistic": "alpha", "value": 1, "source": "X"}])], {("status", "status")}),
        ([("id", "other")], {("id", "file-name")}),
        (
            [("scales", [{"id": "all", "items": ["a1", "a2", "b1", "b2"], "min_valid": 4}])],
            {("scales[0].min_valid", "min-valid")},
        ),
        (
            [("scales", [{"id": "all", "items": ["a1", "a2", "b1", "b2"], "min_valid": 1}])],
            {("scales[0].min_valid", "min-valid")},
        ),
    ],
)  # fmt: skip
def test_what_asks_for_a_second_look(
    tmp_path: Path, changes: list[tuple[str, Any]], expected: set[tuple[str, str]]
) -> None:
    found = check(tmp_path, *changes)
    assert found.ok, found
    assert rules(found) == expected
    assert all(problem.level == "warning" for problem in found.problems)


def test_spanish_negations_and_translations(tmp_path: Path) -> None:
    data = changed(("referents", None))
    for item, words in zip(
        data["items"], ["Se habla.", "Nadie dice sus dudas.", "Hablan.", "Callan."], strict=True
    ):
        item["text"] = {"es": words}
    found = tm.validate_instrument(write(tmp_path, data))
    assert rules(found) == {("items[1]", "keying"), ("response_sets[0].labels", "language")}
    # Another language without cue words is not judged; one in which only the grammar negates
    # is not either.
    data["items"][1]["text"] = {"es": "Nadie dice sus dudas.", "en": "Doubts stay hidden."}
    found = tm.validate_instrument(write(tmp_path, data))
    assert "keying" not in {problem.rule for problem in found.problems}
    assert ("translations", "translation") in rules(found)


def test_warnings_come_beside_errors_but_not_from_them(tmp_path: Path) -> None:
    found = check(
        tmp_path,
        ("items.0.colour", "blue"),
        ("items.1.text.en", "We don't talk."),
        ("items.2.confirmed", "maybe"),
    )
    assert {problem.path for problem in found.errors} == {"items[0].colour", "items[2].confirmed"}
    assert ("items[1]", "keying") in rules(found)
    assert [problem.level for problem in found.problems] == ["error", "error", "warning"]


def test_the_reading_level_averages_over_sentences() -> None:
    assert flesch_kincaid("We talk a lot. We like it! Do we?") == pytest.approx(
        0.39 * 9 / 3 + 11.8 * 9 / 9 - 15.59
    )
    assert flesch_kincaid("3.5 …") == 0


# -- the result ------------------------------------------------------------------------------------


def test_findings_leave_as_text_table_and_json(tmp_path: Path) -> None:
    found = check(tmp_path, ("items.0.colour", "<b>"), ("scales.0.items", ["a1"]))
    assert "1 error and 1 warning; it does not load." in repr(found)
    assert "- error: items[0].colour (line " in repr(found)
    assert "<code>items[0].colour</code>" in found._repr_html_()
    frame = found.to_frame()
    assert frame["level"].tolist() == ["error", "warning"]
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["ok"] is False
    assert plain["problems"][1]["rule"] == "unused-item"
    assert isinstance(found.problems[0], Problem)
