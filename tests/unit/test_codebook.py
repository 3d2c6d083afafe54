"""The codebook: every item in words, as a table."""

from __future__ import annotations

import io

import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.instruments.codebook import answers_in_words
from trustmeasure.instruments.files import shipped_files

NEW = tm.build_instrument(
    id="new",
    title={"en": "New", "es": "Nuevo"},
    referents=[{"en": "my team", "es": "mi equipo"}],
    forms=[{"id": "own"}, {"id": "other", "referents": [{"en": "them", "es": "su equipo"}]}],
    response_sets=[
        {"id": "often", "min": 0, "max": 4,
         "labels": {0: {"en": "Never", "es": "Nunca"}, 4: "Always"}},
        {"id": "slider", "min": 0, "max": 100, "labels": {0: "None", 100: "All"}},
        {"id": "bare", "min": 1, "max": 7, "range_confirmed": False, "confirmed": False},
    ],
    items=[
        {"id": "n1", "text": {"en": "{referent} talks.", "es": "{referent} habla."},
         "response_set": "often", "form": "own", "pair": "p", "rationale": "Talk comes first.",
         "source": "Doe (2020)"},
        {"id": "n2", "text": "I hide from {referent}.", "response_set": "often", "reverse": True,
         "form": "other", "pair": "p", "confirmed": False},
        {"id": "n3", "text": "How much?", "response_set": "slider"},
        {"id": "n4", "text": "How much so?", "response_set": "bare",
         "score_map": {1: 1, 2: 2, 3: 3, 4: 4, 5: 3, 6: 2, 7: 1.5}},
    ],
    scales=[{"id": "all", "items": ["n1", "n2", "n3", "n4"], "method": "pomp"},
            {"id": "some", "items": ["n1", "n2"]}],
)  # fmt: skip


def test_each_item_is_described_in_words() -> None:
    book = NEW.to_codebook()
    assert book.loc["n1"].to_dict() == {
        "text": "My team talks.",
        "response_set": "often",
        "answers": "0 = Never; 1; 2; 3; 4 = Always",
        "min": 0,
        "max": 4,
        "keying": "as answered",
        "facet": None,
        "form": "own",
        "pair": "p",
        "scales": "all, some",
        "rationale": "Talk comes first.",
        "source": "Doe (2020)",
    }
    assert book["keying"].tolist() == [
        "as answered",
        "reversed: 4 − answer (unconfirmed)",
        "as answered",
        "score map 1→1, 2→2, 3→3, 4→4, 5→3, 6→2, 7→1.5",
    ]
    assert book["answers"].tolist()[2:] == [
        "0 = None; …; 100 = All",
        "1 to 7 (range and labels unconfirmed)",
    ]
    assert book["text"].tolist()[1] == "I hide from them."


def test_languages_and_referents() -> None:
    book = NEW.to_codebook(language="es")
    assert book.loc["n1", "text"] == "Mi equipo habla."
    assert book.loc["n1", "answers"] == "0 = Nunca; 1; 2; 3; 4 = Always"
    assert book.loc["n3", "text"] == "How much?"
    assert NEW.to_codebook(referent="she").loc["n1", "text"] == "She talks."
    assert NEW.to_codebook(language="es-MX").equals(book)
    with pytest.raises(tm.OptionError, match=r"language='fr' is not there.*'en', 'es'"):
        NEW.to_codebook(language="fr")
    with pytest.raises(tm.OptionError, match="must be a language tag"):
        NEW.to_codebook(language="")


def test_attached_wordings_are_the_users_own_to_see() -> None:
    licensed = tm.load_instrument("edmondson-1999").with_text({"tps1": "As licensed."})
    book = licensed.to_codebook()
    assert book.loc["tps1", "text"] == "As licensed."
    assert book.loc["tps2", "text"] == ""


@pytest.mark.parametrize("name", sorted(shipped_files()))
def test_every_shipped_instrument_has_one(name: str) -> None:
    instrument = tm.load_instrument(name)
    for language in instrument.languages or ("en",):
        book = instrument.to_codebook(language=language)
        assert tuple(book.index) == instrument.item_ids
        for item in instrument.items:
            assert ("reversed" in book.loc[item.id, "keying"]) == item.reverse
        if instrument.text == "included":
            assert not book["text"].str.contains("{", regex=False).any()
    csv = pd.read_csv(io.StringIO(book.to_csv()), keep_default_na=False, dtype=str)
    assert csv["item"].tolist() == list(instrument.item_ids)


def test_an_unscored_list_has_a_codebook_too() -> None:
    book = tm.load_instrument("braving").to_codebook()
    assert set(book["keying"]) == {"not scored"}
    assert book["min"].isna().all()


def test_answers_in_words_shorten_long_ranges() -> None:
    answers = tm.ResponseSet(id="x", min=1, max=10, labels={1: "Low", 5: "Mid", 10: "High"})
    assert answers_in_words(answers) == "1 = Low; …; 5 = Mid; …; 10 = High"
