"""Forms, keys, texts and languages of an instrument; what its new parts must not contradict."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import trustmeasure as tm
from trustmeasure.instruments.files import make_instrument

Data = dict[str, Any]

VALID: Data = {
    "schema": 1,
    "id": "two-sides",
    "version": "1.0.0",
    "title": {"en": "Two sides", "es": "Dos lados"},
    "level": "dyad",
    "instructions": {"en": "Think of {referent}.", "es": "Piense en {referent}."},
    "referents": [{"en": "the other side", "es": "la otra parte"}],
    "translations": {"es": {"status": "unreviewed", "note": "Translated by the project."}},
    "facets": [
        {
            "id": "open",
            "title": {"en": "Openness", "es": "Apertura"},
            "definition": {"en": "Bad news is told."},
            "domain": "talk",
            "source": "Doe (2020)",
            "anchors": {1: {"en": "Told late"}, 5: "Told at once"},
        },
        {"id": "kept"},
    ],
    "forms": [
        {"id": "client", "title": "Client form", "respondent": "The client"},
        {"id": "helper", "referents": [{"en": "my client", "es": "mi cliente"}, "they"]},
    ],
    "response_sets": [
        {
            "id": "agree5",
            "min": 1,
            "max": 5,
            "stem": {"en": "How far do you agree about {referent}?"},
            "labels": {1: {"en": "No", "es": "No"}, 5: {"en": "Yes", "es": "Sí"}},
        },
        {"id": "often4", "min": 0, "max": 3, "range_confirmed": False, "confirmed": False},
    ],
    "items": [
        {
            "id": "c1",
            "text": {"en": "{referent} tells bad news.", "es": "{referent} da malas noticias."},
            "response_set": "agree5", "facet": "open", "form": "client", "pair": "p1",
            "rationale": "The heart of it.", "source": "Doe (2020)",
        },
        {
            "id": "c2",
            "text": {"en": "{referent} breaks promises.", "es": "{referent} falla."},
            "response_set": "agree5", "facet": "kept", "form": "client", "pair": "p2",
            "reverse": True, "confirmed": False,
        },
        {
            "id": "h1",
            "text": {"en": "I tell {referent} bad news.", "es": "Doy malas noticias."},
            "response_set": "agree5", "facet": "open", "form": "helper", "pair": "p1",
        },
        {
            "id": "h2",
            "text": {"en": "I keep my word.", "es": "Cumplo."},
            "response_set": "agree5", "facet": "kept", "form": "helper", "pair": "p2",
        },
        {
            "id": "m1",
            "text": {"en": "We meet.", "es": "Nos vemos."},
            "response_set": "often4",
            "score_map": {0: 0, 1: 2, 2: 3, 3: 1.5},
        },
    ],
    "scales": [
        {"id": "client_side", "items": ["c1", "c2"], "confirmed": False},
        {"id": "helper_side", "items": ["h1", "h2"], "min_valid": 2},
        {"id": "contact", "items": ["m1"]},
        {"id": "unknown", "title": "Unknown", "items": [], "confirmed": False},
    ],
    "evidence": [
        {"statistic": "alpha", "value": 0.8, "scale": "helper_side", "source": "Doe (2020)"},
        {"statistic": "alpha", "value": 0.7, "scale": "unknown", "source": "Doe (2020)"},
    ],
    "status": "piloted",
}  # fmt: skip


def make(data: Data) -> tm.Instrument:
    return make_instrument(data, source="The instrument")


def changed(change: Callable[[Data], object]) -> Data:
    data = copy.deepcopy(VALID)
    change(data)
    return data


@pytest.fixture
def known() -> tm.Instrument:
    return make(VALID)


# -- forms ----------------------------------------------------------------------------------------


def test_a_form_holds_its_own_items_and_those_of_all_forms(known: tm.Instrument) -> None:
    client = known.form("client")
    assert client.item_ids == ("c1", "c2", "m1")
    assert [scale.id for scale in client.scales] == ["client_side", "contact"]
    assert [form.id for form in client.forms] == ["client"]
    assert [facet.id for facet in client.facets] == ["open", "kept"]
    assert client.evidence == ()
    assert client.status == "unvalidated"
    helper = known.form("helper")
    assert helper.item_ids == ("h1", "h2", "m1")
    assert [entry.value for entry in helper.evidence] == [0.8]
    assert make(client.model_dump(by_alias=True)) == client
    assert known.item_ids == ("c1", "c2", "h1", "h2", "m1"), "the instrument stays as it was"


def test_unknown_forms_are_named(known: tm.Instrument) -> None:
    with pytest.raises(tm.InstrumentError, match=r"no form 'clients'.*Did you mean 'client'"):
        known.form("clients")
    with pytest.raises(tm.InstrumentError, match="It has no forms"):
        tm.load_instrument("trust-pulse").form("client")


def test_a_form_can_be_scored_and_simulated(known: tm.Instrument) -> None:
    helper = known.form("helper").with_key(ranges={"often4": (0, 3)})
    scores = tm.score(pd.DataFrame({"h1": [1, 5], "h2": [2, 4], "m1": [2, 3]}), helper)
    assert scores.data["helper_side"].to_list() == [1.5, 4.5]
    assert scores.data["contact"].to_list() == [3, 1.5]
    assert list(tm.simulate_responses(helper, n=3, rng=1).items.columns) == ["h1", "h2", "m1"]


# -- words ----------------------------------------------------------------------------------------


def test_each_form_has_its_own_referent(known: tm.Instrument) -> None:
    assert known.item_text("c1") == "The other side tells bad news."
    assert known.item_text("h1") == "I tell my client bad news."
    assert known.item_text("h1", referent="her") == "I tell her bad news."
    assert known.item_text("c1", language="es") == "La otra parte da malas noticias."
    assert known.form("helper").item_text("h1") == "I tell my client bad news."


def test_stems_and_instructions_name_the_referent(known: tm.Instrument) -> None:
    assert known.stem("agree5") == "How far do you agree about the other side?"
    assert known.stem("agree5", form="helper") == "How far do you agree about my client?"
    assert known.stem("agree5", referent="us") == "How far do you agree about us?"
    assert known.stem("often4") == ""
    assert known.instruction() == "Think of the other side."
    assert known.instruction(language="es", form="helper") == "Piense en mi cliente."
    with pytest.raises(tm.InstrumentError, match=r"no response set 'agree'. .*Did you mean"):
        known.stem("agree")


def test_languages_are_those_in_which_every_item_speaks(known: tm.Instrument) -> None:
    assert known.languages == ("en", "es")
    assert make(changed(lambda d: d["items"][4]["text"].pop("es"))).languages == ("en",)
    assert make(changed(lambda d: d["items"][4]["text"].update(es=" "))).languages == ("en",)
    german = known.with_text({"c1": {"de": "Schlechtes wird gesagt."}})
    assert german.languages == ("en", "es")
    assert german.item_text("c1", language="de") == "Schlechtes wird gesagt."
    assert known.without_text().languages == ()
    assert tm.load_instrument("partnership-trust-tool").languages == ()


def test_without_text_keeps_the_structure(known: tm.Instrument) -> None:
    bare = known.without_text()
    assert bare.text == "none"
    assert all(item.text == {} for item in bare.items)
    assert bare.item_text("c1") == ""
    same = {"text", "items"}
    assert bare.model_dump(exclude=same) == known.model_dump(exclude=same)
    assert [i.model_dump(exclude={"text"}) for i in bare.items] == [
        i.model_dump(exclude={"text"}) for i in known.items
    ]
    assert make(bare.model_dump(by_alias=True)) == bare


def test_coverage_is_facet_by_item(known: tm.Instrument) -> None:
    covered = known.coverage()
    assert covered.index.name == "facet"
    assert list(covered.index) == ["open", "kept"]
    assert list(covered.columns) == list(known.item_ids)
    assert covered.loc["open"].to_list() == [True, False, True, False, False]
    assert covered.loc["kept"].to_list() == [False, True, False, True, False]
    assert set(covered.dtypes) == {pd.Series([True]).dtype}
    loose = make(changed(lambda d: d.pop("facets")))
    pd.testing.assert_frame_equal(loose.coverage(), covered)
    more = make(changed(lambda d: d["facets"].append({"id": "empty"})))
    assert not more.coverage().loc["empty"].any(), "a facet without items is seen"
    assert tm.load_instrument("ils-2014").coverage().shape == (0, 12)


# -- a user's key ---------------------------------------------------------------------------------


def test_reverse_names_all_reversed_items(known: tm.Instrument) -> None:
    keyed = known.with_key(reverse=["h2"])
    assert [i.id for i in keyed.items if i.reverse] == ["h2"]
    assert [i.id for i in keyed.items if not i.confirmed] == []
    assert keyed.item("m1").score_map == {0: 0, 1: 2, 2: 3, 3: 1.5}, "maps stay"
    assert known.with_key(reverse="c2").item("c2").reverse
    assert known.with_key(reverse=iter(["c2"])).item("c2").confirmed
    turned = known.with_key(reverse=["m1"]).item("m1")
    assert (turned.reverse, turned.score_map) == (True, None)
    assert known.item("c2").reverse
    assert not known.item("c2").confirmed


def test_score_maps_replace_what_is_stored(known: tm.Instrument) -> None:
    keyed = known.with_key(score_maps={"c2": {1: 5, 2: 5, 3: 1, 4: 1, 5: 1}})
    assert keyed.item("c2").score_map == {1: 5, 2: 5, 3: 1, 4: 1, 5: 1}
    assert (keyed.item("c2").reverse, keyed.item("c2").confirmed) == (False, True)
    assert keyed.item("c1") == known.item("c1")


def test_scales_are_supplied_or_left_out(known: tm.Instrument) -> None:
    keyed = known.with_key(scales={"client_side": ["c1"], "unknown": ("h2", "c2")})
    assert keyed.scale("client_side").items == ("c1",)
    assert keyed.scale("unknown").items == ("h2", "c2")
    assert keyed.scale("unknown").name == "Unknown"
    assert all(scale.confirmed for scale in keyed.scales)
    assert keyed.evidence == known.evidence
    less = known.with_key(scales={"unknown": [], "helper_side": []})
    assert [scale.id for scale in less.scales] == ["client_side", "contact"]
    assert (less.evidence, less.status) == ((), "unvalidated")
    assert known.with_key(scales={"unknown": "c1"}).scale("unknown").items == ("c1",)


def test_ranges_are_supplied(known: tm.Instrument) -> None:
    keyed = known.with_key(ranges={"agree5": (0, 6)})
    assert keyed.response_range("c1") == (0, 6)
    confirmed = known.with_key(ranges={"often4": [0, 3]})
    assert [r.range_confirmed for r in confirmed.response_sets] == [True, True]
    assert not confirmed.response_sets[1].confirmed, "the labels are as unsure as they were"


def test_all_at_once_can_be_scored(known: tm.Instrument) -> None:
    keyed = known.with_key(
        reverse=["c2"],
        score_maps={"m1": {0: 0, 1: 1, 2: 2, 3: 0}},
        scales={"client_side": ["c1", "c2"], "unknown": []},
        ranges={"often4": (0, 3)},
    )
    data = pd.DataFrame([[4, 2, 5, 3, 2]], columns=list(keyed.item_ids))
    scores = tm.score(data, keyed)
    assert scores.data.iloc[0].to_dict() == {"client_side": 4, "helper_side": 4, "contact": 2}
    assert scores.settings["unverified"] == {"scales": [], "items": [], "response_sets": []}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ({}, "with_key() was given nothing to change"),
        ({"reverse": ["c3"]}, "no item 'c3'"),
        ({"reverse": 3}, "reverse is 3; expected a list of item ids"),
        ({"reverse": {"c1": True}}, "reverse is {'c1': True}; expected a list of item ids"),
        ({"score_maps": {"c9": {1: 1}}}, "no item 'c9'"),
        ({"score_maps": {"c1": {1: 1}}}, "'c1' has a score_map without the code(s) [2, 3, 4, 5]"),
        ({"score_maps": {"c1": [1, 2]}}, "score_maps['c1']=[1, 2] must be a mapping"),
        ({"score_maps": ["c1"]}, "score_maps=['c1'] must be a mapping"),
        ({"scales": {"cleint_side": ["c1"]}}, "no scale 'cleint_side'. It has: "),
        ({"scales": {"client_side": ["c9"]}}, "scale 'client_side' names unknown item(s) 'c9'"),
        ({"scales": {"client_side": ["c1", "c1"]}}, "names item(s) 'c1' more than once"),
        ({"scales": {"client_side": 4}}, "scales['client_side'] is 4; expected a list of item"),
        ({"scales": {"client_side": ["c1", "m1"]}}, "scale 'client_side' mixes response ranges"),
        ({"scales": ["client_side"]}, "scales=['client_side'] must be a mapping"),
        ({"scales": {s["id"]: [] for s in VALID["scales"]}}, "scales: expected at least one"),
        ({"ranges": {"agree": (1, 5)}}, "no response set 'agree'. It has: 'agree5', 'often4'."),
        ({"ranges": {"agree5": 5}}, "ranges['agree5'] is 5; expected (lowest code, highest code)"),
        ({"ranges": {"agree5": (1, 2, 3)}}, "ranges['agree5'] is (1, 2, 3); expected (lowest co"),
        ({"ranges": {"agree5": (5, 1)}}, "max is 1, but must be above min, which is 5"),
        ({"ranges": {"agree5": ("a", 5)}}, "response_sets[0].min: expected a whole number"),
        ({"ranges": {"often4": (1, 4)}}, "item 'm1' has a score_map without the code(s) [4]"),
        ({"ranges": {"agree5": (1, 3)}}, "label(s) for code(s) [5] lie outside the range 1 to 3"),
    ],
)
def test_keys_that_do_not_fit_are_explained(known: tm.Instrument, key: Data, words: str) -> None:
    with pytest.raises(tm.InstrumentError) as caught:
        known.with_key(**key)
    assert words in str(caught.value)


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_every_part_survives_a_file(known: tm.Instrument, tmp_path: Path, ending: str) -> None:
    path = known.save(tmp_path / f"two-sides.{ending}")
    again = tm.load_instrument(path)
    assert again == known
    written = (yaml.safe_load if ending == "yaml" else json.loads)(path.read_text("utf-8"))
    for key in VALID:
        assert key in written
    assert written["facets"][0]["domain"] == "talk"
    assert written["forms"][1]["referents"][0]["es"] == "mi cliente"
    assert written["translations"]["es"]["status"] == "unreviewed"
    assert written["response_sets"][1]["range_confirmed"] is False
    assert written["scales"][3]["confirmed"] is False


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_an_unscored_instrument_survives_a_file(tmp_path: Path, ending: str) -> None:
    for name in ("braving", "partnership-trust-tool", "relational-coordination", "trq-2005"):
        known = tm.load_instrument(name)
        assert tm.load_instrument(known.save(tmp_path / f"{name}.{ending}")) == known


def test_derived_instruments_survive_a_file(known: tm.Instrument, tmp_path: Path) -> None:
    for number, derived in enumerate(
        (known.form("client"), known.with_key(reverse=[]), known.without_text())
    ):
        path = derived.save(tmp_path / f"{number}.yaml")
        assert tm.load_instrument(path) == derived


# -- parts that contradict each other -------------------------------------------------------------


def set_path(path: str, value: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        part: Any = data
        for step in way:
            part = part[step]
        part[last] = value

    return change


RULES = [
    ("items.0.facet", "opne", "items[0].facet", "item 'c1' names the facet 'opne', which is not"),
    ("items.1.form", "clients", "items[1].form", "item 'c2' names the form 'clients', which is"),
    ("items.3.pair", "p1", "items[3].pair", "items 'h1' and 'h2' are both of pair 'p1' and form"),
    ("facets.1.id", "open", "facets[1]", "facet id(s) 'open' occur more than once"),
    ("forms.1.id", "client", "forms[1]", "form id(s) 'client' occur more than once"),
    ("facets.0.anchors", {9: "x"}, "facets[0].anchors", "has anchors for the code(s) [9], whi"),
    ("facets.0.anchor", {1: "x"}, "facets[0].anchor", "this key is not known. Did you mean 'ancho"),
    ("forms.0.respondents", "x", "forms[0].respondents", "not known. Did you mean 'respondent'"),
    ("scales.2.items", [], "scales[2]", "has no items; expected at least one (or confirmed: false"),
    ("scales.0.confirmed", "no", "scales[0].confirmed", "expected true or false; found 'no'"),
    ("unscored", "No sum.", "unscored", "says that no score is computed, but the instrument has s"),
    ("unscored", " ", "unscored", "expected the reason why no score is computed; found an empty t"),
    ("translations.es.status", "good", "translations.es.status", "Input should be 'unreviewed' or"),
    ("translations.spanish", {}, "translations.spanish", "is not a language tag, such as en or pt"),
    ("response_sets.1.range_confirmed", 1, "response_sets[1].range_confirmed", "expected true or "),
    ("licence_required", "yes", "licence_required", "expected true or false; found 'yes'"),
    ("instructions", 5, "instructions", "expected a text, or a mapping language → text; found 5"),
    ("response_sets.0.stem", ["x"], "response_sets[0].stem", "expected a text, or a mapping lang"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "place", "words"), RULES)
def test_every_contradiction_is_named_with_its_place_and_line(
    path: str, value: Any, place: str, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "spoiled.yaml"
    text = yaml.safe_dump(changed(set_path(path, value)), allow_unicode=True, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(tm.InstrumentError) as caught:
        tm.load_instrument(file)
    (problem,) = [line for line in str(caught.value).splitlines() if line.startswith(f"- {place} ")]
    assert words in problem
    line = int(problem.split("(line ")[1].split(")")[0])
    shown = text.splitlines()[line - 1]
    key = path.split(".")[-1]
    assert key in shown or "id:" in shown, "the line is that of the part at fault"


def test_without_declared_facets_and_forms_any_name_will_do() -> None:
    def loosen(data: Data) -> None:
        del data["facets"], data["forms"]
        data["items"][0].update(facet="anything", form="any")

    assert make(changed(loosen)).item("c1").form == "any"


def test_an_unscored_instrument_needs_nothing_else() -> None:
    bare = make({"schema": 1, "id": "talk", "title": "Talk", "unscored": "A talk.", "text": "none"})
    assert (bare.items, bare.scales, bare.response_sets) == ((), (), ())
    assert bare.to_frame().empty
    named = make({**bare.model_dump(by_alias=True), "items": [{"id": "a"}]})
    assert named.item_ids == ("a",)
    with pytest.raises(tm.InstrumentError, match="item 'a' names the response set 'x', which is"):
        make({**bare.model_dump(by_alias=True), "items": [{"id": "a", "response_set": "x"}]})
    with pytest.raises(tm.InstrumentError, match="needs at least one item"):
        bare.subset([])
