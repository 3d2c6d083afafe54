"""Whatever ids an instrument has: its columns are found again, or refused, never mistaken."""

from __future__ import annotations

import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import trustmeasure as tm
from trustmeasure.platforms.layout import Column
from trustmeasure.platforms.limesurvey import exporting as limesurvey
from trustmeasure.platforms.limesurvey import reading as limesurvey_reading
from trustmeasure.platforms.matching import match_columns
from trustmeasure.platforms.qualtrics import exporting as qualtrics
from trustmeasure.platforms.questionnaire import lay_out
from trustmeasure.platforms.redcap import exporting as redcap
from trustmeasure.platforms.xlsform import exporting as xlsform

stems = st.sampled_from(["a", "B", "ab", "a_b", "q1_", "PS_Item_", "a-b.", "x_from_"])
numbers = st.sampled_from(["", "1", "01", "2", "3", "10", "1_2", "12", "1-2"])
suffixes = st.sampled_from(["", "_s", "s", "_S"])
ids = st.builds(lambda a, b, c: a + b + c, stems, numbers, suffixes)
id_lists = st.lists(ids, min_size=1, max_size=6, unique=True)


def instrument_of(names: list[str]) -> tm.Instrument:
    return tm.build_instrument(
        id="any",
        response_sets=[{"id": "agree3", "min": 1, "max": 3}],
        items=[{"id": name, "text": f"Statement {chr(97 + n)}."} for n, name in enumerate(names)],
        scales=[{"id": "all_of_them", "items": names}],
    )


def column(name: str, import_id: str = "") -> Column:
    return Column(name=name, values=pd.Series(["1"]), import_id=import_id)


def qualtrics_columns(laid) -> dict[str, Column]:
    found = {}
    tags: set[str] = set()
    for block in laid.blocks:
        for tag, items in qualtrics._questions(block, tags):
            for place, item in enumerate(items, start=1):
                name = tag if len(items) == 1 else f"{tag}_{place}"
                found[item.id] = column(name)
    return found


def limesurvey_columns(laid) -> dict[str, Column]:
    found = {}
    for item, name in limesurvey.question_codes(laid).items():
        heading = f"agree3[{name}]"
        found[item] = column(heading, limesurvey_reading._code(heading))
    return found


def redcap_columns(laid) -> dict[str, Column]:
    return {item: column(name) for item, name in redcap.field_names(laid).items()}


def xlsform_columns(laid) -> dict[str, Column]:
    names = xlsform.question_names(laid)
    return {item: column(f"agree3/{name}", name) for item, name in names.items()}


def check(names, platform, columns_of) -> None:
    instrument = instrument_of(names)
    laid = lay_out(instrument, language="en", referent=None)
    try:
        columns = columns_of(laid)
    except tm.InstrumentError:
        assume(False)
    assert len({c.name.casefold() for c in columns.values()}) == len(columns)
    try:
        matched, _ = match_columns(list(columns.values()), instrument, None, platform=platform)
    except tm.DataError:
        # Nothing was mistaken. Only Qualtrics needs the wordings where ids do not count on.
        assert platform == "qualtrics"
        return
    assert {item: c.name for item, c in matched.items()} == {
        item: c.name for item, c in columns.items()
    }


@given(id_lists)
@settings(deadline=None, max_examples=300)
def test_redcap(names):
    check(names, "redcap", redcap_columns)


@given(id_lists)
@settings(deadline=None, max_examples=300)
def test_limesurvey(names):
    check(names, "limesurvey", limesurvey_columns)


@given(id_lists)
@settings(deadline=None, max_examples=300)
def test_xlsform(names):
    check(names, "xlsform", xlsform_columns)


@given(id_lists)
@settings(deadline=None, max_examples=300)
def test_qualtrics_without_wordings(names):
    check(names, "qualtrics", qualtrics_columns)
