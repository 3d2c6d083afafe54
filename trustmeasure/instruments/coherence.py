"""Do the parts of an instrument fit each other? Each check yields what does not, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trustmeasure._checks import listed, near
from trustmeasure.instruments.parts import Item, ResponseSet, repeated
from trustmeasure.instruments.problems import Path

if TYPE_CHECKING:
    from trustmeasure.instruments.models import Instrument

# Score tables use these as column names, so no item or scale may.
RESERVED_NAMES = frozenset({"respondent", "cluster", "wave"})

Found = Iterator[tuple[Path, str]]


def incoherences(instrument: Instrument) -> Found:
    """Find everything in which the parts of an instrument contradict each other."""
    yield from _presence(instrument)
    yield from _names(instrument)
    yield from _items(instrument)
    yield from _content_plan(instrument)
    yield from _scales(instrument)
    yield from _aliases(instrument)
    yield from _evidence(instrument)


def _presence(instrument: Instrument) -> Found:
    if instrument.unscored is None:
        for key in ("response_sets", "items", "scales"):
            if not getattr(instrument, key):
                yield (
                    (key,),
                    "expected at least one (an instrument without scores says why with unscored:)",
                )
    elif not instrument.unscored.strip():
        yield ("unscored",), "expected the reason why no score is computed; found an empty text"
    elif instrument.scales:
        yield ("unscored",), "says that no score is computed, but the instrument has scales"


def _names(instrument: Instrument) -> Found:
    groups = {
        "response set": [r.id for r in instrument.response_sets],
        "item": [i.id for i in instrument.items],
        "scale": [s.id for s in instrument.scales],
        "facet": [f.id for f in instrument.facets],
        "form": [f.id for f in instrument.forms],
    }
    for kind, names in groups.items():
        twice = repeated(names)
        if twice:
            key = kind.replace(" ", "_") + "s"
            last = len(names) - 1 - names[::-1].index(twice[0])
            yield (key, last), f"{kind} id(s) {listed(twice)} occur more than once"
    for key, kind in (("items", "item"), ("scales", "scale")):
        for place, name in enumerate(groups[kind]):
            if name in RESERVED_NAMES:
                yield (
                    (key, place),
                    f"'{name}' cannot name an item or a scale: score tables use the name",
                )
    for place, name in enumerate(groups["scale"]):
        if name in set(groups["item"]):
            yield ("scales", place), f"'{name}' names both an item and a scale"


def _items(instrument: Instrument) -> Found:
    sets = {r.id: r for r in instrument.response_sets}
    for place, item in enumerate(instrument.items):
        if instrument.unscored is not None and not sets and not item.response_set:
            pass  # named elements that nobody answers on a scale
        elif item.response_set not in sets:
            named = f"the response set '{item.response_set}', which is not defined"
            yield (
                ("items", place),
                f"item '{item.id}' names {named if item.response_set else 'no response set'} "
                f"(defined: {listed(sets)})." + near(item.response_set, sets),
            )
        elif item.score_map is not None:
            yield from _score_map(item, sets[item.response_set], ("items", place, "score_map"))
        if instrument.text == "included" and not any(t.strip() for t in item.text.values()):
            yield (
                ("items", place),
                f"item '{item.id}' has no text (for a structure without wording: text: none)",
            )


def _content_plan(instrument: Instrument) -> Found:
    """Check facets, forms and pairs, where the instrument declares them."""
    declared = {
        "facet": {facet.id for facet in instrument.facets},
        "form": {form.id for form in instrument.forms},
    }
    for place, item in enumerate(instrument.items):
        for kind, known in declared.items():
            value = getattr(item, kind)
            if known and value is not None and value not in known:
                yield (
                    ("items", place, kind),
                    f"item '{item.id}' names the {kind} '{value}', which is not defined (defined: "
                    f"{listed(sorted(known))})." + near(value, known),
                )
    codes = {code for answers in instrument.response_sets for code in answers.values}
    for place, facet in enumerate(instrument.facets):
        stray = [code for code in facet.anchors if codes and code not in codes]
        if stray:
            yield (
                ("facets", place, "anchors"),
                f"facet '{facet.id}' has anchors for the code(s) {stray}, which no response set "
                "offers",
            )
    seen: dict[tuple[str, str | None], str] = {}
    for place, item in enumerate(instrument.items):
        if item.pair is None or item.form is None:
            continue
        other = seen.setdefault((item.pair, item.form), item.id)
        if other != item.id:
            yield (
                ("items", place, "pair"),
                f"items '{other}' and '{item.id}' are both of pair '{item.pair}' and form "
                f"'{item.form}'; a pair has one item in each form",
            )


def _score_map(item: Item, answers: ResponseSet, path: Path) -> Found:
    scores = item.score_map or {}
    unmapped = [code for code in answers.values if code not in scores]
    if unmapped:
        yield path, f"item '{item.id}' has a score_map without the code(s) {unmapped}"
    stray = [code for code in scores if not answers.min <= code <= answers.max]
    if stray:
        yield (
            path,
            f"item '{item.id}' has a score_map with the code(s) {stray}, which its response set "
            f"'{answers.id}' ({answers.min} to {answers.max}) does not offer",
        )


def _scales(instrument: Instrument) -> Found:
    ids = {i.id: i for i in instrument.items}
    sets = {r.id: r for r in instrument.response_sets}
    for place, scale in enumerate(instrument.scales):
        unknown = [name for name in scale.items if name not in ids]
        if unknown:
            yield (
                ("scales", place, "items"),
                f"scale '{scale.id}' names unknown item(s) {listed(unknown)}."
                + near(unknown[0], ids),
            )
        used = [
            sets[ids[name].response_set]
            for name in scale.items
            if name in ids and ids[name].response_set in sets
        ]
        ranges = sorted({(answers.min, answers.max) for answers in used})
        if len(ranges) > 1 and scale.method != "pomp":
            yield (
                ("scales", place),
                f"scale '{scale.id}' mixes response ranges {ranges}; its method must be 'pomp', "
                "which puts every item on 0–100 first",
            )


def _aliases(instrument: Instrument) -> Found:
    ids = {i.id for i in instrument.items}
    for alias, target in instrument.aliases.items():
        if target not in ids:
            yield (
                ("aliases", alias),
                f"the alias '{alias}' points to unknown item '{target}'." + near(target, ids),
            )
        if alias in ids and alias != target:
            yield (
                ("aliases", alias),
                f"the alias '{alias}' of item '{target}' is the id of another item",
            )


def _evidence(instrument: Instrument) -> Found:
    if instrument.status != "unvalidated" and not instrument.evidence:
        yield ("status",), f"status is '{instrument.status}', but no evidence is given for it"
    scales = {s.id for s in instrument.scales}
    for place, entry in enumerate(instrument.evidence):
        if entry.scale is not None and entry.scale not in scales:
            yield (
                ("evidence", place),
                f"the {entry.statistic} is given for unknown scale '{entry.scale}'."
                + near(entry.scale, scales),
            )
