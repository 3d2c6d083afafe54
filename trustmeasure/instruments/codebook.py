"""The codebook of an instrument: what is asked, what each answer counts, and how it is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from trustmeasure._checks import listed, near
from trustmeasure.errors import OptionError
from trustmeasure.instruments.parts import Item, ResponseSet, text_in

if TYPE_CHECKING:
    from trustmeasure.instruments.models import Instrument

COLUMNS = (
    "text", "response_set", "answers", "min", "max", "keying", "facet", "form", "pair", "scales",
    "rationale", "source",
)  # fmt: skip


def items_frame(instrument: Instrument, language: str) -> pd.DataFrame:
    """List the items: wording, range, keying, facet and scales, one row an item."""
    rows = []
    for item in instrument.items:
        asked = bool(item.response_set)
        low, high = instrument.response_range(item.id) if asked else (None, None)
        rows.append(
            {
                "item": item.id,
                "text": text_in(item.text, language),
                "response_set": item.response_set,
                "min": low,
                "max": high,
                "reverse": item.reverse,
                "facet": item.facet,
                "form": item.form,
                "scales": ", ".join(s.id for s in instrument.scales if item.id in s.items),
                "confirmed": item.confirmed,
            }
        )
    columns = ["item", "text", "response_set", "min", "max", "reverse", "facet", "form"]
    columns += ["scales", "confirmed"]
    return pd.DataFrame(rows, columns=columns).set_index("item")


def coverage(instrument: Instrument) -> pd.DataFrame:
    """Show which item covers which facet: one row a facet, one column an item."""
    facets = [facet.id for facet in instrument.facets]
    facets += [item.facet for item in instrument.items if item.facet is not None]
    return pd.DataFrame(
        {
            item.id: [item.facet == name for name in dict.fromkeys(facets)]
            for item in instrument.items
        },
        index=pd.Index(dict.fromkeys(facets), name="facet"),
        dtype=bool,
    )


def codebook(instrument: Instrument, language: str, referent: str | None) -> pd.DataFrame:
    """Describe every item in words, one row an item."""
    check_language(instrument, language)
    sets = {answers.id: answers for answers in instrument.response_sets}
    rows = {}
    for item in instrument.items:
        answers = sets.get(item.response_set)
        rows[item.id] = [
            instrument.item_text(item.id, language=language, referent=referent),
            item.response_set or None,
            answers_in_words(answers, language) if answers else None,
            answers.min if answers else None,
            answers.max if answers else None,
            keying_in_words(item, answers),
            item.facet,
            item.form,
            item.pair,
            ", ".join(scale.id for scale in instrument.scales if item.id in scale.items),
            item.rationale,
            item.source,
        ]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS), dtype=object)
    return frame.astype({"min": "Int64", "max": "Int64"}).rename_axis("item")


def check_language(instrument: Instrument, language: str) -> None:
    """Refuse a language in which the instrument says nothing at all."""
    if not isinstance(language, str) or not language.strip():
        raise OptionError(f"language={language!r} must be a language tag, such as 'en' or 'es'.")
    texts = [instrument.title, *(item.text for item in instrument.items)]
    known = list(dict.fromkeys(tag for text in texts for tag in text))
    broad = {tag.lower() for tag in known} | {tag.split("-")[0].lower() for tag in known}
    if broad and not {language.lower(), language.split("-")[0].lower()} & broad:
        raise OptionError(
            f"language={language!r} is not there; instrument '{instrument.id}' has: "
            f"{listed(known)}." + near(language, known)
        )


def answers_in_words(answers: ResponseSet, language: str = "en") -> str:
    """List the codes with their labels; codes without one stand for themselves."""
    labels = {code: text_in(answers.labels.get(code, {}), language) for code in answers.values}
    doubts = [
        name
        for name, sure in (("range", answers.range_confirmed), ("labels", answers.confirmed))
        if not sure
    ]
    doubt = f" ({' and '.join(doubts)} unconfirmed)" if doubts else ""
    if not any(labels.values()):
        return f"{answers.min} to {answers.max}{doubt}"
    parts: list[str] = []
    for code, label in labels.items():
        if label or answers.n_options <= 7:
            parts.append(f"{code} = {label}" if label else str(code))
        elif parts[-1] != "…":
            parts.append("…")
    return "; ".join(parts) + doubt


def keying_in_words(item: Item, answers: ResponseSet | None) -> str:
    """Say what an answer counts."""
    if answers is None:
        return "not scored"
    if item.score_map is not None:
        scores = ", ".join(f"{code}→{score:g}" for code, score in sorted(item.score_map.items()))
        how = f"score map {scores}"
    elif item.reverse:
        how = f"reversed: {answers.min + answers.max} − answer"
    else:
        how = "as answered"
    return how if item.confirmed else f"{how} (unconfirmed)"
