from __future__ import annotations

import math
from pathlib import Path

import pytest

from trustmeasure.errors import OptionError
from trustmeasure.thresholds import load_thresholds, verdict

# What the literature says, in the words of INSTRUMENTS: value → (word, criterion met).
CASES = [
    ("alpha", 0.90, "excellent", True),
    ("alpha", 0.8999, "good", True),
    ("alpha", 0.70, "adequate", True),
    ("alpha", 0.6999, "minimal", False),
    ("alpha", 0.4999, "poor", False),
    ("alpha", -0.2, "poor", False),
    ("omega", 0.85, "good", True),
    ("kmo", 0.90, "marvellous", True),
    ("kmo", 0.85, "meritorious", True),
    ("kmo", 0.75, "middling", True),
    ("kmo", 0.65, "mediocre", True),
    ("kmo", 0.55, "miserable", True),
    ("kmo", 0.49, "unacceptable", False),
    ("item_rest", 0.30, "sufficient", True),
    ("item_rest", 0.29, "insufficient", False),
    ("rwg", 0.304, "lacking", False),
    ("rwg", 0.306, "weak", False),
    ("rwg", 0.51, "moderate", False),
    ("rwg", 0.71, "strong", True),
    ("rwg", 0.91, "very strong", True),
    ("icc1", 0.009, "negligible", None),
    ("icc1", 0.01, "small", None),
    ("icc1", 0.10, "medium", None),
    ("icc1", 0.25, "large", None),
    ("icc2", 0.70, "sufficient", True),
    ("loading", 0.32, "poor", True),
    ("loading", 0.31, "negligible", False),
    ("rmsea", 0.06, "insufficient", False),
    ("rmsea", 0.0599, "sufficient", True),
    ("cfi", 0.95, "insufficient", False),
    ("tli", 0.951, "sufficient", True),
]


@pytest.mark.parametrize(("measure", "value", "word", "meets"), CASES)
def test_words_follow_the_cited_cut_offs(
    measure: str, value: float, word: str, meets: bool | None
) -> None:
    result = verdict(measure, value)
    assert (result.word, result.meets) == (word, meets)
    assert result.citation
    assert result.references


def test_a_verdict_names_the_condition_behind_its_word() -> None:
    assert verdict("alpha", 0.75).threshold == "α ≥ .70"
    assert verdict("alpha", 0.2).threshold == "α < .50"
    assert verdict("rmsea", 0.1).threshold == "RMSEA < .06"


def test_nan_has_no_verdict() -> None:
    result = verdict("alpha", math.nan)
    assert (result.word, result.meets, result.threshold) == ("not available", None, "")


def test_every_measure_cites_its_source() -> None:
    for measure in load_thresholds().measures.values():
        assert measure.sources
        assert all(source.text and source.short for source in measure.sources)
        assert measure.sources[0].short in measure.explain()


def test_an_unknown_measure_suggests_a_known_one() -> None:
    with pytest.raises(OptionError, match=r"Did you mean 'alpha'"):
        verdict("alfa", 0.5)


def test_a_mapping_replaces_one_measure_and_leaves_the_others() -> None:
    own = {"alpha": {"criterion": {"least": 0.9, "source": "Our protocol, 2026"}}}
    result = verdict("alpha", 0.85, thresholds=own)
    assert (result.word, result.meets) == ("insufficient", False)
    assert (result.threshold, result.citation) == ("α ≥ .90", "Our protocol, 2026")
    assert verdict("kmo", 0.85, thresholds=own).word == "meritorious"
    assert verdict("alpha", 0.85).word == "good"


def test_a_file_brings_its_own_sources_and_falling_bands(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "sources:\n"
        "  ours: {short: Us, text: Our own paper, doi: 10.1/x}\n"
        "measures:\n"
        "  rmsea:\n"
        "    bands:\n"
        "      source: ours\n"
        "      steps: [{word: close, most: 0.05}, {word: fair, most: 0.08}, {word: bad}]\n",
        encoding="utf-8",
    )
    rules = load_thresholds(path)
    assert rules.verdict("rmsea", 0.05).word == "close"
    bad = rules.verdict("rmsea", 0.2)
    assert (bad.word, bad.threshold) == ("bad", "RMSEA > .08")
    assert bad.references == ("Our own paper https://doi.org/10.1/x",)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"alpha": 3}, "expected a mapping"),
        ({"alpha": {}}, "neither a criterion nor bands"),
        ({"alpha": {"criterion": {"least": 0.7}}}, "names no source"),
        ({"alpha": {"criterion": {"source": "x"}}}, "exactly one of"),
        ({"alpha": {"criterion": {"least": "x", "source": "x"}}}, "is no number"),
        ({"alpha": {"criterion": {"least": 0.1, "below": 0.2, "source": "x"}}}, "exactly one"),
        ({"alpha": {"criterion": {"leats": 0.1, "source": "x"}}}, "unknown key"),
        ({"alpha": {"bands": {"source": "x", "steps": []}}}, "need a list"),
        ({"alpha": {"bands": {"source": "x", "steps": [{"least": 1}]}}}, "needs a word"),
        (
            {"alpha": {"bands": {"source": "x", "steps": [{"word": "a"}, {"word": "b"}]}}},
            "every band but the last",
        ),
        ({"alpha": {"criterion": {"least": 1, "source": "x"}, "decimals": "2"}}, "whole number"),
        ({"measures": 3}, "must map"),
    ],
)
def test_malformed_thresholds_are_refused(own: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        load_thresholds(own)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="cannot be read"):
        load_thresholds(tmp_path / "none.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("measures: {alpha: [", encoding="utf-8")
    with pytest.raises(OptionError, match="not well-formed"):
        load_thresholds(bad)
    bad.write_text("- alpha\n", encoding="utf-8")
    with pytest.raises(OptionError, match="expected measures"):
        load_thresholds(bad)
