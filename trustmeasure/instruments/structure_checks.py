"""What deserves a second look in the make-up of an instrument that is otherwise in order.

Each check yields the name of its rule, the place, and what was found, expected and to be done.
"""

from __future__ import annotations

from collections.abc import Iterator

from trustmeasure._checks import listed
from trustmeasure.errors import InstrumentError
from trustmeasure.instruments.models import Instrument
from trustmeasure.instruments.parts import ResponseSet, Scale, Text
from trustmeasure.instruments.problems import Path

Advice = Iterator[tuple[str, Path, str]]


def structure_advice(instrument: Instrument) -> Advice:
    """Look at scales, answers, forms, facets, languages and what is known for certain."""
    yield from _scales(instrument)
    for place, answers in enumerate(instrument.response_sets):
        yield from _labels(instrument, answers, ("response_sets", place))
    yield from _directions(instrument)
    yield from _content_plan(instrument)
    yield from _pairs(instrument)
    yield from _languages(instrument)
    yield from _certainty(instrument)


# -- scales -----------------------------------------------------------------------------------


def _scales(instrument: Instrument) -> Advice:
    if instrument.unscored is None and all(scale.items for scale in instrument.scales):
        scored = {name for scale in instrument.scales for name in scale.items}
        for place, item in enumerate(instrument.items):
            if item.id not in scored:
                yield (
                    "unused-item",
                    ("items", place),
                    f"item '{item.id}' is on no scale, so it is asked but never scored. Add it to "
                    "the items: of a scale, or remove it.",
                )
    for place, scale in enumerate(instrument.scales):
        path: Path = ("scales", place, "min_valid")
        count, least = len(scale.items), _least(scale)
        if count > 3 and least == count:
            yield (
                "min-valid",
                path,
                f"scale '{scale.id}' asks for all {count} answers (min_valid: {scale.min_valid}), "
                "so one that is left out costs the score. Half of the items (0.5) is usual.",
            )
        elif count > 3 and least == 1:
            yield (
                "min-valid",
                path,
                f"scale '{scale.id}' takes one answer of {count} for a score (min_valid: "
                f"{scale.min_valid}). Half of the items (0.5) is usual.",
            )


def _least(scale: Scale) -> int | None:
    try:
        return scale.least_answers
    except InstrumentError:
        return None


# -- answers ----------------------------------------------------------------------------------


def _labels(instrument: Instrument, answers: ResponseSet, path: Path) -> Advice:
    if not answers.confirmed:
        return  # said among what could not be verified
    what = f"response set '{answers.id}'"
    labelled = [code for code in answers.values if any(answers.labels.get(code, {}).values())]
    if not labelled:
        if not _tags(instrument):
            return  # a structure without wording
        yield (
            "labels",
            path,
            f"{what} has no labels, so nobody can read what {answers.min} to {answers.max} mean. "
            "Add labels: at least for both ends.",
        )
        return
    ends = [code for code in (answers.min, answers.max) if code not in labelled]
    inner = [code for code in answers.values[1:-1] if code not in labelled]
    if ends:
        yield (
            "labels",
            (*path, "labels"),
            f"{what} has no label for the end(s) {_codes(ends)}. Label both ends.",
        )
    elif inner and not _only_middle(answers, labelled):
        yield (
            "labels",
            (*path, "labels"),
            f"{what} labels some of its answers, but not {_codes(inner)}. Label all, or the ends "
            "(and the middle) only.",
        )
    for tag in _tags(instrument):
        bare = [code for code in labelled if not answers.labels[code].get(tag, "").strip()]
        if bare:
            yield (
                "language",
                (*path, "labels"),
                f"{what} has no label in '{tag}' for {_codes(bare)}, though items have wordings "
                "in it. Add the labels in every language of the items.",
            )


def _only_middle(answers: ResponseSet, labelled: list[int]) -> bool:
    middle = (answers.min + answers.max) / 2
    return all(code in (answers.min, answers.max, middle) for code in labelled)


def _directions(instrument: Instrument) -> Advice:
    """Find answers that run the other way round: against each other, or against their words."""
    ends = [
        (
            place,
            answers,
            _plain(answers.labels.get(answers.min)),
            _plain(answers.labels.get(answers.max)),
        )
        for place, answers in enumerate(instrument.response_sets)
    ]
    for place, answers, low, high in ends:
        other = next(
            (
                o.id
                for o_place, o, o_low, o_high in ends
                if o_place < place and low and (low, high) == (o_high, o_low)
            ),
            None,
        )
        if other:
            yield (
                "direction",
                ("response_sets", place, "labels"),
                f"response sets '{other}' and '{answers.id}' have the same ends the other way "
                "round. Let a high code mean the same in both.",
            )
        elif "disagree" in high and "agree" in low and "disagree" not in low:
            yield (
                "direction",
                ("response_sets", place, "labels"),
                f"response set '{answers.id}' runs from '{low}' to '{high}', so that a high score "
                "means disagreement. Turn the codes round.",
            )


# -- facets, forms, pairs ---------------------------------------------------------------------


def _content_plan(instrument: Instrument) -> Advice:
    declared = {
        "facet": [facet.id for facet in instrument.facets],
        "form": [form.id for form in instrument.forms],
    }
    for kind, names in declared.items():
        used = {getattr(item, kind) for item in instrument.items}
        for place, name in enumerate(names):
            if name not in used:
                yield (
                    f"empty-{kind}",
                    (f"{kind}s", place),
                    f"no item belongs to the {kind} '{name}'. Write items for it, or remove it.",
                )
    bare = [item.id for item in instrument.items if item.facet is None]
    if instrument.facets and bare:
        yield (
            "no-facet",
            ("items",),
            f"the item(s) {listed(bare)} name no facet, though the instrument has facets. Say "
            "which part of the construct they stand for.",
        )


def _pairs(instrument: Instrument) -> Advice:
    forms = [form.id for form in instrument.forms]
    forms = forms or list(dict.fromkeys(i.form for i in instrument.items if i.form))
    by_pair: dict[str, dict[str | None, int]] = {}
    for place, item in enumerate(instrument.items):
        if item.pair is not None:
            by_pair.setdefault(item.pair, {})[item.form] = place
    for pair, members in by_pair.items():
        place = min(members.values())
        if None in members:
            yield (
                "pair",
                ("items", members[None], "pair"),
                f"item '{instrument.items[members[None]].id}' belongs to pair '{pair}', but to no "
                "form. A pair links one item of each form: name its form.",
            )
            continue
        missing = [form for form in forms if form not in members]
        if missing:
            yield (
                "pair",
                ("items", place, "pair"),
                f"pair '{pair}' has no item in the form(s) {listed(missing)}. A pair links one "
                "item of each form.",
            )
    if by_pair:
        alone = [item.id for item in instrument.items if item.form and item.pair is None]
        if alone:
            yield (
                "pair",
                ("items",),
                f"the item(s) {listed(alone)} have no counterpart in another form, though others "
                "do. Give both items of a pair the same pair:.",
            )


# -- languages --------------------------------------------------------------------------------


def _languages(instrument: Instrument) -> Advice:
    tags = _tags(instrument)
    for tag in tags:
        bare = [item.id for item in instrument.items if not item.text.get(tag, "").strip()]
        if bare:
            yield (
                "language",
                ("items",),
                f"no wording in '{tag}' for the item(s) {listed(bare)}, though others have one. "
                "Respondents would see another language there.",
            )
        for path, text, what in _shown(instrument):
            if any(text.values()) and not text.get(tag, "").strip():
                yield "language", path, f"{what} has no text in '{tag}', though the items have."
    original = "en" if "en" in tags else next(iter(tags), None)
    for tag in tags:
        if tag != original and tag not in instrument.translations:
            yield (
                "translation",
                ("translations",),
                f"nothing is said of the wording in '{tag}'. Say how far it can be relied on: "
                f"translations: {{{tag}: {{status: unreviewed}}}}.",
            )
    for tag in instrument.translations:
        if tags and tag not in tags:
            yield (
                "translation",
                ("translations", tag),
                f"a translation into '{tag}' is announced, but no item has a wording in it.",
            )


def _shown(instrument: Instrument) -> Iterator[tuple[Path, Text, str]]:
    """Give what respondents see besides items and labels."""
    yield ("instructions",), instrument.instructions, "the instructions"
    for place, answers in enumerate(instrument.response_sets):
        yield ("response_sets", place, "stem"), answers.stem, f"the stem of '{answers.id}'"
    for place, referent in enumerate(instrument.referents):
        yield ("referents", place), referent, f"the referent '{next(iter(referent.values()), '')}'"
    for place, form in enumerate(instrument.forms):
        for number, referent in enumerate(form.referents):
            yield ("forms", place, "referents", number), referent, f"a referent of '{form.id}'"


# -- what is known for certain ----------------------------------------------------------------


def _certainty(instrument: Instrument) -> Advice:
    keys = [item.id for item in instrument.items if not item.confirmed]
    if keys:
        yield (
            "unconfirmed",
            ("items",),
            f"the keying of {listed(keys)} could not be verified; scoring asks for confirmation. "
            "Check it in the source, or supply a key with with_key().",
        )
    for place, scale in enumerate(instrument.scales):
        if not scale.confirmed:
            none = "" if scale.items else " (none is named)"
            yield (
                "unconfirmed",
                ("scales", place),
                f"which items belong to scale '{scale.id}' could not be verified{none}; scoring "
                "asks for confirmation, or for a key from with_key(scales=...).",
            )
    for place, answers in enumerate(instrument.response_sets):
        doubts = {"labels": answers.confirmed, "range": answers.range_confirmed}
        unsure = " and the ".join(name for name, sure in doubts.items() if not sure)
        if unsure:
            yield (
                "unconfirmed",
                ("response_sets", place),
                f"the {unsure} of response set '{answers.id}' could not be verified. Check in the "
                "source, or with the form that people filled in.",
            )
    unsure_evidence = [p for p, entry in enumerate(instrument.evidence) if not entry.confirmed]
    for place in unsure_evidence:
        entry = instrument.evidence[place]
        yield (
            "unconfirmed",
            ("evidence", place),
            f"the {entry.statistic} of {entry.value:g}, said to be given by {entry.source}, could "
            "not be verified.",
        )
    if instrument.status != "unvalidated" and instrument.evidence:
        if len(unsure_evidence) == len(instrument.evidence):
            yield (
                "status",
                ("status",),
                f"status is '{instrument.status}', but none of the evidence is confirmed.",
            )
    elif len(instrument.evidence) > len(unsure_evidence):
        yield (
            "status",
            ("status",),
            "status is 'unvalidated', though evidence is given. Use 'piloted' or 'validated', or "
            "mark the evidence confirmed: false.",
        )


def _tags(instrument: Instrument) -> list[str]:
    """List the languages in which any item has a wording."""
    return list(dict.fromkeys(tag for i in instrument.items for tag, t in i.text.items() if t))


def _codes(codes: list[int]) -> str:
    if len(codes) > 2 and codes == list(range(codes[0], codes[-1] + 1)):
        return f"{codes[0]} to {codes[-1]}"
    return ", ".join(map(str, codes))


def _plain(label: Text | None) -> str:
    texts = label or {}
    return texts.get("en", next(iter(texts.values()), "")).strip().casefold()
