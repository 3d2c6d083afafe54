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
    yield from _names(instrument)
    yield from _items(instrument)
    yield from _scales(instrument)
    yield from _aliases(instrument)
    yield from _evidence(instrument)


def _names(instrument: Instrument) -> Found:
    groups = {
        "response set": [r.id for r in instrument.response_sets],
        "item": [i.id for i in instrument.items],
        "scale": [s.id for s in instrument.scales],
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
        if item.response_set not in sets:
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
