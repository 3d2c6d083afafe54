"""Instruments and item texts on disk: in, out, and back again; and the schema beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trustmeasure as tm
from trustmeasure.instruments.files import json_schema, shipped_files, shipped_folder
from trustmeasure.instruments.strict_yaml import parse

SHIPPED = sorted(shipped_files())
BANKS = ["psychological-safety", "trust-cognitive-affective", "trust-pulse"]
STRUCTURES = ["edmondson-1999", "mcallister-1995", "spi-trust"]

YAML = """\
schema: 1
id: small
version: "1.10"
title: {en: Small, no: Liten}
response_sets:
  - {id: agree5, min: 1, max: 5, labels: {1: No, 5: Yes}}
items:
  - {id: s1, text: We talk.}
  - {id: s2, text: We hide., reverse: true}
scales:
  - {id: small_scale, items: [s1, s2], min_valid: 0.5}
"""
DATA = {
    "schema": 1,
    "id": "small",
    "version": "1.10",
    "title": {"en": "Small", "no": "Liten"},
    "response_sets": [{"id": "agree5", "min": 1, "max": 5, "labels": {"1": "No", "5": "Yes"}}],
    "items": [{"id": "s1", "text": "We talk."}, {"id": "s2", "text": "We hide.", "reverse": True}],
    "scales": [{"id": "small_scale", "items": ["s1", "s2"], "min_valid": 0.5}],
}


def write(folder: Path, content: str, name: str = "small.yaml") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(tm.InstrumentError) as caught:
        tm.load_instrument(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


# -- reading ---------------------------------------------------------------------------------------


def test_yaml_and_json_give_the_same_instrument(tmp_path: Path) -> None:
    from_yaml = tm.load_instrument(write(tmp_path, YAML))
    from_json = tm.load_instrument(write(tmp_path, json.dumps(DATA), "small.json"))
    assert from_yaml == from_json
    assert from_yaml.version == "1.10", "a version is no number"
    assert from_yaml.title == {"en": "Small", "no": "Liten"}, "Norwegian is no boolean"
    assert from_yaml.scale("small_scale").min_valid == 0.5
    assert from_yaml.response_set("s1").labels == {1: {"en": "No"}, 5: {"en": "Yes"}}


@pytest.mark.parametrize("name", ["small.yml", "small.YAML"])
def test_endings_that_mean_yaml(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, YAML, name)
    assert tm.load_instrument(path) == tm.load_instrument(str(path))


def test_every_problem_names_its_line(tmp_path: Path) -> None:
    text = YAML.replace("reverse: true", "revers: true").replace("id: small\n", "id: Small\n")
    text = text.replace("min_valid: 0.5", "min_valid: half")
    message = refusal(write(tmp_path, text))
    assert "has 3 problem(s):" in message
    assert "- id (line 2): expected lower-case" in message
    assert "- items[1].revers (line 9): this key is not known" in message
    assert "- scales[0].min_valid (line 11): expected a count" in message


def test_problems_between_parts_name_their_lines(tmp_path: Path) -> None:
    text = YAML.replace("items: [s1, s2]", "items: [s1, s22]").replace("id: s2", "id: s1")
    message = refusal(write(tmp_path, text))
    assert "- items[1] (line 9): item id(s) 's1' occur more than once" in message
    assert "- scales[0].items (line 11): scale 'small_scale' names unknown item(s) 's22'" in message


def test_a_problem_in_a_block_names_the_line_of_its_key(tmp_path: Path) -> None:
    text = YAML.replace(
        "  - {id: s1, text: We talk.}", "  - id: s1\n    text: We talk.\n    facet: [a]"
    )
    assert "- items[0].facet (line 10): expected text; found ['a']" in refusal(
        write(tmp_path, text)
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "line 1 is not well-formed JSON"),
        ('{\n "a": 1,\n}', "line 3 is not well-formed JSON"),
        ('{"schema": 1, "id": "x", "id": "y"}', "the key 'id' occurs twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema": 1, "id": ' + "9" * 5000 + "}", "is not well-formed JSON"),
        ("[1]", "holds a list; expected keys and values"),
        ("5", "holds 5; expected keys and values"),
        ('"text"', "holds text; expected keys and values"),
        ("", "line 1 is not well-formed JSON"),
        ("{}", "says schema: None"),
        ('{"schema": 1, "version": NaN}', "version (line 1): expected text"),
    ],
)
def test_json_that_is_no_instrument(tmp_path: Path, content: str, words: str) -> None:
    assert words in refusal(write(tmp_path, content, "x.json"))


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "none.yaml")
    (tmp_path / "folder.yaml").mkdir()
    assert "cannot be read: Is a directory" in refusal(tmp_path / "folder.yaml")
    assert "ends in '.txt'; expected one of .yaml, .yml, .json" in refusal(
        write(tmp_path, YAML, "small.txt")
    )


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".yaml", ".json"])
@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_comes_back_as_it_was(tmp_path: Path, name: str, ending: str) -> None:
    original = tm.load_instrument(name)
    path = original.save(tmp_path / f"copy{ending}")
    assert tm.load_instrument(path) == original
    assert [p.name for p in tmp_path.iterdir()] == [f"copy{ending}"]


TRICKY = [
    "no", "yes", "on", "true", "null", "~", "1.0", "1.10", "7", "2024-01-01", "12:30:45", "0x1F",
    "- a list?", "key: value", "# not a comment", "{braces}", "[brackets]", "*star", "&and", "!tag",
    "'quoted'", '"doubly"', "back\\slash", "tab\there", "two\nlines", "two\n\nlines\n", " padded ",
    "ünïcödé — “quotes” … 信頼 🤝",
    "line\u2028separator", "next\x85line", "e\u0301 composed", "%", "@x",
    "=1+1", "long " * 80, "\ufeffmark",
]  # fmt: skip


@pytest.mark.parametrize("ending", [".yaml", ".json"])
def test_tricky_texts_come_back_as_they_were(tmp_path: Path, ending: str) -> None:
    original = tm.build_instrument(
        id="tricky",
        version="1.0",
        title={"en": "no", "no": "yes"},
        licence="null",
        notes="a\nb: c\n",
        response_sets=[{"id": "1", "min": -1, "max": 1, "labels": {-1: "no", 0: "0", 1: "yes"}}],
        items=[{"id": f"t{i}", "text": text, "facet": "1.0"} for i, text in enumerate(TRICKY)]
        + [{"id": "5", "text": "five"}, {"id": "true", "text": "truth"}],
        scales=[{"id": "null", "items": ["t0", "5", "true"], "min_valid": 1.0}],
        aliases={"1": "t1", "no": "t2", "2.5": "5", "Q1: (x)": "true"},
    )
    path = original.save(tmp_path / f"tricky{ending}")
    back = tm.load_instrument(path)
    assert back == original
    assert type(back.scale("null").min_valid) is float


texts = st.text(min_size=1, max_size=40).filter(lambda text: text.strip())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=texts, title=texts, share=st.floats(0.001, 1), ending=st.sampled_from([".yaml", ".json"])
)
def test_any_text_comes_back_as_it_was(
    tmp_path: Path, text: str, title: str, share: float, ending: str
) -> None:
    original = tm.build_instrument(
        id="any",
        title=title,
        response_sets=[{"id": "r", "min": 0, "max": 2}],
        items=[{"id": "i", "text": text, "score_map": {0: share, 1: -share, 2: 1e-9}}],
        scales=[{"id": "s", "items": ["i"], "min_valid": share}],
    )
    path = original.save(tmp_path / f"any{ending}", overwrite=True)
    assert tm.load_instrument(path) == original


def test_saving_writes_a_readable_file(tmp_path: Path) -> None:
    path = tm.load_instrument(write(tmp_path, YAML)).save(tmp_path / "out.yaml")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["schema: 1", "id: small", "version: '1.10'"]
    assert "reverse: true" in path.read_text(encoding="utf-8")
    assert "confirmed" not in path.read_text(encoding="utf-8"), "defaults need no line"


def test_saving_never_overwrites_unasked(tmp_path: Path) -> None:
    instrument = tm.load_instrument("trust-pulse")
    path = write(tmp_path, "mine", "out.yaml")
    with pytest.raises(tm.TrustMeasureError, match="exists already and was left as it is"):
        instrument.save(path)
    assert path.read_text(encoding="utf-8") == "mine"
    instrument.save(path, overwrite=True)
    assert tm.load_instrument(path) == instrument


def test_saving_leaves_nothing_behind_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instrument = tm.load_instrument("trust-pulse")
    with pytest.raises(tm.TrustMeasureError, match=r"ends in '\.doc'; expected one of"):
        instrument.save(tmp_path / "x.doc")
    with pytest.raises(tm.TrustMeasureError, match="does not exist"):
        instrument.save(tmp_path / "nowhere" / "x.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(tm.TrustMeasureError, match="is a folder"):
        instrument.save(tmp_path / "folder.yaml", overwrite=True)
    (tmp_path / "folder.yaml").rmdir()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        instrument.save(tmp_path / "x.yaml")
    assert list(tmp_path.iterdir()) == []


# -- item texts ------------------------------------------------------------------------------------


def test_texts_from_a_csv(tmp_path: Path) -> None:
    path = write(tmp_path, "id,text\ntps1,\"One, with a comma\"\ntps2,'Two'\n", "texts.csv")
    licensed = tm.load_instrument("edmondson-1999").with_text(path)
    assert licensed.item("tps1").text == {"en": "One, with a comma"}
    assert licensed.item("tps2").text == {"en": "'Two'"}
    assert licensed.item("tps3").text == {}
    assert tm.load_instrument("edmondson-1999").item("tps1").text == {}


def test_texts_from_a_csv_in_several_languages(tmp_path: Path) -> None:
    content = "\ufefflanguage,note,id,text\nen,x,tps1,One\npt-BR,,tps1,Um\n,,tps2, Two \n"
    licensed = tm.load_instrument("edmondson-1999").with_text(
        str(write(tmp_path, content, "t.csv"))
    )
    assert licensed.item("tps1").text == {"en": "One", "pt-BR": "Um"}
    assert licensed.item("tps2").text == {"en": "Two"}
    assert licensed.item_text("tps1", language="pt") == "One"


def test_texts_from_a_mapping_add_to_those_that_are_there() -> None:
    pulse = tm.load_instrument("trust-pulse").with_text(
        {"tp01": {"de": "Was vereinbart war, wurde getan."}, "tp02": "New English."}
    )
    assert set(pulse.item("tp01").text) == {"en", "es", "de"}
    assert pulse.item("tp02").text["en"] == "New English."
    assert pulse.item("tp03") == tm.load_instrument("trust-pulse").item("tp03")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "needs a heading with the columns 'id' and 'text'"),
        ("id,text\n", "found 'id', 'text' and no rows"),
        ("item,text\ntps1,One\n", "found 'item', 'text'"),
        ("id;text\ntps1;One\n", "found 'id;text'"),
        ("id,text\ntps1,One, two\n", "line 2 has more cells than the heading"),
        ("id,text\ntps1,One\ntps2,\n", "line 3 lacks the text"),
        ("id,text\n,One\n", "line 2 lacks the id"),
        ("id,text\ntps1,One\ntps1,Two\n", "line 3 gives a second text (en) for item 'tps1'"),
        ("id,text\ntps9,Nine\n", "item(s) 'tps9', which instrument 'edmondson-1999' does not"),
        ("id,text,language\ntps1,One,english\n", "is not a language tag"),
        ('id,text\ntps1,"open\n', "cannot be read"),
    ],
)
def test_texts_that_cannot_be_attached(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(tm.InstrumentError) as caught:
        tm.load_instrument("edmondson-1999").with_text(write(tmp_path, content, "t.csv"))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"tps11": "x"}, "Did you mean 'tps1'"),
        ({"tps1": None}, "item 'tps1' is None; expected words"),
        ({"tps1": " "}, "item 'tps1' is ' '; expected words"),
        ({"tps1": {"en": 5}}, r"text \(en\) for item 'tps1' is 5; expected words"),
        ({"tps1": {"Deutsch": "x"}}, "is not a language tag"),
    ],
)
def test_mapped_texts_that_cannot_be_attached(mapping: Any, words: str) -> None:
    with pytest.raises(tm.InstrumentError, match=words):
        tm.load_instrument("edmondson-1999").with_text(mapping)


def test_texts_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(tm.InstrumentError, match=r"cannot be read: .*No such file"):
        tm.load_instrument("edmondson-1999").with_text(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"id,text\ntps1,\xff\n")
    with pytest.raises(tm.InstrumentError, match="cannot be read"):
        tm.load_instrument("edmondson-1999").with_text(tmp_path / "x.csv")


@pytest.mark.parametrize("ending", [".yaml", ".json"])
def test_licensed_texts_leave_only_when_asked_to(tmp_path: Path, ending: str) -> None:
    structure = tm.load_instrument("edmondson-1999")
    licensed = structure.with_text({name: f"SECRET {name}" for name in structure.item_ids})
    without = licensed.save(tmp_path / f"without{ending}")
    assert "SECRET" not in without.read_text(encoding="utf-8")
    assert tm.load_instrument(without) == structure
    with_texts = licensed.save(tmp_path / f"with{ending}", include_text=True)
    assert tm.load_instrument(with_texts) == licensed


def test_own_texts_can_be_left_out(tmp_path: Path) -> None:
    bare = tm.load_instrument(
        tm.load_instrument("trust-pulse").save(tmp_path / "bare.yaml", include_text=False)
    )
    assert bare.text == "none"
    assert all(item.text == {} for item in bare.items)
    assert bare.scales == tm.load_instrument("trust-pulse").scales


# -- what ships ------------------------------------------------------------------------------------


def test_all_expected_files_ship() -> None:
    assert set(BANKS + STRUCTURES) <= set(SHIPPED)
    others = {p.name for p in shipped_folder().iterdir() if p.suffix != ".yaml"}
    assert others == {"schema.json", "README.md"}


@pytest.mark.parametrize("name", SHIPPED)
def test_file_names_are_ids(name: str) -> None:
    assert tm.load_instrument(name).id == name


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = json.loads((shipped_folder() / "schema.json").read_text(encoding="utf-8"))
    assert committed == json.loads(json_schema()), "see instruments/README.md: make it anew"


def as_json(data: Any) -> Any:
    """Bring data to what JSON knows; the codes of answers become text, as JSON's keys are."""
    return json.loads(json.dumps(data))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((shipped_folder() / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_fits_the_schema(name: str, validator: jsonschema.Draft202012Validator) -> None:
    text = shipped_files()[name].read_text(encoding="utf-8")
    # As our loader hands it on, numbers with a point as text; and as an editor sees it.
    validator.validate(as_json(parse(text, source=name).data))
    validator.validate(as_json(yaml.safe_load(text)))


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_saved_fits_the_schema(
    name: str, tmp_path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    path = tm.load_instrument(name).save(tmp_path / "x.json")
    validator.validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("titel",), "x"),
        (("version",), 1.1),
        (("schema",), 2),
        (("level",), "group"),
        (("title",), {"english": "x"}),
        (("items", 0, "revers"), True),
        (("items", 0, "reverse"), "yes"),
        (("items", 0, "id"), " s1"),
        (("items",), []),
        (("scales", 0, "min_valid"), "half"),
        (("scales", 0, "method"), "median"),
        (("response_sets", 0, "labels"), {"one": "x"}),
        (("response_sets", 0, "min"), 1.5),
    ],
)
def test_the_schema_refuses_what_the_models_refuse(
    path: tuple[Any, ...], value: Any, validator: jsonschema.Draft202012Validator, tmp_path: Path
) -> None:
    data = as_json(DATA)
    validator.validate(data)
    part = data
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert not validator.is_valid(data)
    assert refusal(write(tmp_path, json.dumps(data), "x.json"))


def test_the_schema_knows_the_short_forms(validator: jsonschema.Draft202012Validator) -> None:
    short = {**DATA, "construct": "talk", "citation": "Me (2020).", "title": "Small"}
    validator.validate(as_json(short))
    assert "description" in json.loads(json_schema())["$defs"]["Scale"]


# -- the published structures ----------------------------------------------------------------------


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_hold_no_wording(name: str) -> None:
    structure = tm.load_instrument(name)
    assert structure.text == "none"
    assert all(item.text == {} for item in structure.items)
    assert structure.licence_status
    assert structure.contact
    assert all(entry.source for entry in structure.evidence)


def test_edmondson_1999() -> None:
    scale = tm.load_instrument("edmondson-1999")
    assert [item.id for item in scale.items if item.reverse] == ["tps1", "tps3", "tps5"]
    assert [s.items for s in scale.scales] == [tuple(f"tps{i}" for i in range(1, 8))]
    assert all(scale.response_range(name) == (1, 7) for name in scale.item_ids)
    assert scale.response_sets[0].confirmed is False, "the wording of the anchors is unsure"
    assert scale.level == "team"
    assert all(item.confirmed for item in scale.items)
    evidence = {(e.statistic, e.value, e.n, e.confirmed) for e in scale.evidence}
    assert evidence == {
        ("alpha", 0.82, None, False),
        ("alpha", 0.84, 8310, True),
        ("cfi", 0.995, 8310, True),
        ("rmsea", 0.07, 8310, True),
        ("icc1", 0.195, 8310, True),
    }
    assert "44(2), 350–383. https://doi.org/10.2307/2666999" in scale.cite()


def test_mcallister_1995() -> None:
    scale = tm.load_instrument("mcallister-1995")
    assert [(item.id, item.confirmed) for item in scale.items if item.reverse] == [("cbt11", False)]
    assert {s.id: len(s.items) for s in scale.scales} == {
        "affect_based_trust": 5,
        "cognition_based_trust": 6,
    }
    assert all(scale.response_range(name) == (1, 7) for name in scale.item_ids)
    assert [(e.value, e.n, e.confirmed) for e in scale.evidence] == [
        (0.89, 194, False),
        (0.91, 194, False),
    ]
    assert "38(1), 24–59. https://doi.org/10.5465/256727" in scale.cite()


def test_spi_trust() -> None:
    scale = tm.load_instrument("spi-trust")
    assert scale.item_ids == ("q_1855", "q_4289", "q_377", "q_379", "q_871")
    assert [item.id for item in scale.items if item.reverse] == ["q_871"]
    assert all(scale.response_range(name) == (1, 6) for name in scale.item_ids)
    assert "Condon" in scale.cite()
