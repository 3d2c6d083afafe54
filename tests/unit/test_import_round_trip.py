"""What is exported as a definition comes back as the same items, answers and wordings."""

from __future__ import annotations

import warnings

import pytest

import trustmeasure as tm
from trustmeasure.platforms import export_instrument, import_instrument

FILES = {"redcap": "csv", "limesurvey": "txt", "xlsform": "xlsx"}


def there_and_back(instrument, platform, tmp_path):
    path = tmp_path / f"{instrument.id}.{FILES[platform]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.TrustMeasureWarning)
        export_instrument(instrument, path, platform=platform)
        return import_instrument(path)


@pytest.mark.parametrize("platform", FILES)
@pytest.mark.parametrize("name", ["trust-pulse", "psychological-safety"])
def test_ids_answers_and_wordings_survive(name, platform, tmp_path):
    bank = tm.load_instrument(name)
    back = there_and_back(bank, platform, tmp_path)
    assert back.item_ids == bank.item_ids
    for item in bank.item_ids:
        assert back.item_text(item) == bank.item_text(item)
        assert back.response_range(item) == bank.response_range(item)
        assert {c: t["en"] for c, t in back.response_set(item).labels.items()} == {
            c: t["en"] for c, t in bank.response_set(item).labels.items()
        }
    assert [scale.items for scale in back.scales] == [bank.item_ids]
    assert back.stem(back.response_sets[0].id) == bank.stem(
        bank.item("tp01" if name == "trust-pulse" else "ps01").response_set
    )


@pytest.mark.parametrize("platform", FILES)
def test_an_imported_survey_goes_to_another_platform(platform, tmp_path):
    from pathlib import Path

    exports = Path(__file__).parents[1] / "data" / "exports"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.InstrumentWarning)
        survey = import_instrument(exports / "affective_priming.qsf")
    survey = survey.subset([item for item in survey.item_ids if item.startswith("fatigue")])
    back = there_and_back(survey, platform, tmp_path)
    assert len(back.items) == 9
    assert [back.item_text(a) for a in back.item_ids] == [
        survey.item_text(a) for a in survey.item_ids
    ]
