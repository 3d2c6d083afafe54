"""New instruments from one that is there: fewer items, other answers, a user's texts or key."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustmeasure._checks import listed, near
from trustmeasure.errors import InstrumentError, InstrumentWarning
from trustmeasure.instruments.coherence import incoherences
from trustmeasure.instruments.parts import Scale

if TYPE_CHECKING:
    from trustmeasure.instruments.models import Instrument


def subset(instrument: Instrument, items: Iterable[str]) -> Instrument:
    """Keep these items, and what still speaks of any of them."""
    wanted = [items] if isinstance(items, str) else list(items)
    if not wanted:
        raise InstrumentError(f"A subset of instrument '{instrument.id}' needs at least one item.")
    kept = {instrument.item(name).id for name in wanted}
    if kept == set(instrument.item_ids):
        return instrument
    scales = [_shortened(scale, kept) for scale in instrument.scales if kept & set(scale.items)]
    if not scales and instrument.unscored is None:
        raise InstrumentError(
            f"None of {listed(wanted)} belongs to a scale of instrument '{instrument.id}', so the "
            "subset could not be scored."
        )
    whole = {scale.id for scale in instrument.scales if scale.items and kept >= set(scale.items)}
    evidence = tuple(entry for entry in instrument.evidence if entry.scale in whole)
    left = tuple(item for item in instrument.items if item.id in kept)
    facets = {item.facet for item in left}
    forms = {item.form for item in left}
    return instrument.model_copy(
        update={
            "items": left,
            "scales": tuple(scales),
            "facets": tuple(facet for facet in instrument.facets if facet.id in facets),
            "forms": tuple(form for form in instrument.forms if form.id in forms),
            "aliases": {k: v for k, v in instrument.aliases.items() if v in kept},
            "evidence": evidence,
            "status": instrument.status if evidence else "unvalidated",
        }
    )


def _shortened(scale: Scale, kept: set[str]) -> Scale:
    items = tuple(item for item in scale.items if item in kept)
    # A count that asks for more items than are left asks for all that are.
    least = min(scale.min_valid, len(items)) if isinstance(scale.min_valid, int) else None
    return scale.model_copy(
        update={"items": items, "min_valid": scale.min_valid if least is None else least}
    )


def one_form(instrument: Instrument, form: str) -> Instrument:
    """Keep the items of one form, and those that belong to every form."""
    known = list(dict.fromkeys(item.form for item in instrument.items if item.form))
    if form not in known:
        raise InstrumentError(
            f"Instrument '{instrument.id}' has no form '{form}'. "
            + (f"It has: {listed(known)}." + near(form, known) if known else "It has no forms.")
        )
    return subset(instrument, [i.id for i in instrument.items if i.form in (form, None)])


def with_response_set(
    instrument: Instrument, response_set: str, items: Iterable[str] | None
) -> Instrument:
    """Let items be answered on another of the instrument's response sets."""
    offered = [answers.id for answers in instrument.response_sets]
    if response_set not in offered:
        raise InstrumentError(
            f"Instrument '{instrument.id}' has no response set '{response_set}'. It has: "
            f"{listed(offered)}." + near(response_set, offered)
        )
    chosen = instrument.item_ids if items is None else [items] if isinstance(items, str) else items
    changed = {instrument.item(name).id for name in chosen}
    new = instrument.model_copy(
        update={
            "items": tuple(
                item.model_copy(update={"response_set": response_set})
                if item.id in changed
                else item
                for item in instrument.items
            )
        }
    )
    found = [message for _, message in incoherences(new)]
    if found:
        raise InstrumentError(
            f"Instrument '{instrument.id}' cannot use the response set '{response_set}': "
            + "; ".join(found)
        )
    return new


def with_text(
    instrument: Instrument,
    source: str | Path | Mapping[str, str | Mapping[str, str]],
    licensed: bool,
) -> Instrument:
    """Attach item wordings that the user may use."""
    from trustmeasure.instruments.files import make_instrument, read_texts

    if instrument.licence_required and not licensed:
        raise InstrumentError(
            f"The wording of instrument '{instrument.id}' may be used under a licence only "
            f"({instrument.licence_status or instrument.licence}; "
            f"{instrument.contact or 'ask its rights holder'}). If you hold one, say so: "
            "with_text(..., licensed=True)."
        )
    texts = read_texts(source)
    unknown = [name for name in texts if name not in instrument.item_ids]
    if unknown:
        raise InstrumentError(
            f"The texts name item(s) {listed(unknown)}, which instrument '{instrument.id}' does "
            f"not have. It has: {listed(instrument.item_ids)}."
            + near(unknown[0], instrument.item_ids)
        )
    if instrument.licence_required:
        warnings.warn(
            f"The wording of instrument '{instrument.id}' is under licence: keep to its terms, "
            "also with whatever shows the wording.",
            InstrumentWarning,
            stacklevel=3,
        )
    data = instrument.model_dump(by_alias=True)
    for item in data["items"]:
        item["text"] = {**item["text"], **texts.get(item["id"], {})}
    return make_instrument(data, source=f"Instrument '{instrument.id}' with the new texts")


def with_key(
    instrument: Instrument,
    reverse: Iterable[str] | None,
    score_maps: Mapping[str, Mapping[int, float]] | None,
    scales: Mapping[str, Iterable[str]] | None,
    ranges: Mapping[str, tuple[int, int]] | None,
) -> Instrument:
    """Replace what could not be verified by what the user knows; it counts as confirmed."""
    from trustmeasure.instruments.files import make_instrument

    if reverse is None and score_maps is None and scales is None and ranges is None:
        raise InstrumentError(
            "with_key() was given nothing to change. Pass reverse=[item ids], "
            "score_maps={item id: {code: score}}, scales={scale id: [item ids]} or "
            "ranges={response set id: (lowest, highest)}."
        )
    data = instrument.model_dump(by_alias=True)
    _set_keying(instrument, data, reverse, _mapping("score_maps", score_maps, "code → score"))
    for name, members in _mapping("scales", scales, "[item ids]").items():
        place = instrument.scales.index(instrument.scale(name))
        named = _ids(f"scales['{name}']", members)
        data["scales"][place].update(items=named, confirmed=True)
    data["scales"] = [scale for scale in data["scales"] if scale["items"] or not scale["confirmed"]]
    left = {scale["id"] for scale in data["scales"]}
    data["evidence"] = [e for e in data["evidence"] if e["scale"] is None or e["scale"] in left]
    data["status"] = instrument.status if data["evidence"] else "unvalidated"
    known = {answers.id: place for place, answers in enumerate(instrument.response_sets)}
    for name, limits in _mapping("ranges", ranges, "(lowest, highest)").items():
        if name not in known:
            raise InstrumentError(
                f"Instrument '{instrument.id}' has no response set '{name}'. It has: "
                f"{listed(known)}." + near(name, known)
            )
        if not isinstance(limits, (tuple, list)) or len(limits) != 2:
            raise InstrumentError(
                f"ranges['{name}'] is {limits!r}; expected (lowest code, highest code), as (1, 5)."
            )
        low, high = limits
        data["response_sets"][known[name]].update(min=low, max=high, range_confirmed=True)
    return make_instrument(data, source=f"Instrument '{instrument.id}' with the new key")


def _mapping(name: str, given: Any, values: str) -> Mapping[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise InstrumentError(f"{name}={given!r} must be a mapping from ids to {values}.")
    return given or {}


def _ids(name: str, given: Any) -> list[str]:
    if isinstance(given, str):
        return [given]
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise InstrumentError(f"{name} is {given!r}; expected a list of item ids.")
    return [str(item) for item in given]


def _set_keying(
    instrument: Instrument,
    data: dict[str, Any],
    reverse: Iterable[str] | None,
    score_maps: Mapping[str, Mapping[int, float]],
) -> None:
    reversed_items = None
    if reverse is not None:
        named = _ids("reverse", reverse)
        reversed_items = {instrument.item(name).id for name in named}
    mapped = {instrument.item(name).id for name in score_maps}
    for item in data["items"]:
        if item["id"] in mapped:
            given = _mapping(f"score_maps['{item['id']}']", score_maps[item["id"]], "scores")
            item |= {"score_map": dict(given), "confirmed": True}
            item["reverse"] = False
        elif reversed_items is None:
            continue
        elif item["id"] in reversed_items:
            item |= {"reverse": True, "score_map": None, "confirmed": True}
        elif item["score_map"] is None:
            item |= {"reverse": False, "confirmed": True}
