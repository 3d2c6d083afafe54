"""What an instrument is not sure of: refused in scoring until the user confirms or supplies it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trustmeasure._checks import listed
from trustmeasure.errors import InstrumentError, OptionError
from trustmeasure.instruments import Instrument, Item, ResponseSet


@dataclass(frozen=True)
class Unverified:
    """Facts that scoring would use, although they could not be verified in the source."""

    scales: tuple[str, ...]
    items: tuple[Item, ...]
    response_sets: tuple[ResponseSet, ...]

    def __bool__(self) -> bool:
        return bool(self.scales or self.items or self.response_sets)

    def as_settings(self) -> dict[str, list[str]]:
        """Name the facts by kind, for the settings of a result."""
        return {
            "scales": list(self.scales),
            "items": [item.id for item in self.items],
            "response_sets": [answers.id for answers in self.response_sets],
        }

    def phrases(self) -> list[str]:
        """Say what is unverified, one phrase a kind."""
        found = []
        if self.scales:
            found.append(
                f"which items belong to {len(self.scales)} scale(s) ({listed(self.scales)})"
            )
        if self.items:
            turned = [item.id for item in self.items if item.reverse]
            found.append(
                f"the keying of {len(self.items)} item(s) ({listed(i.id for i in self.items)}; "
                f"stored as reversed: {listed(turned) if turned else 'none'})"
            )
        if self.response_sets:
            ranges = ", ".join(f"'{r.id}': {r.min}–{r.max}" for r in self.response_sets)
            found.append(f"the range of {len(self.response_sets)} response set(s) ({ranges})")
        return found


def with_own_key(instrument: Instrument, confirm: bool | Mapping[str, bool]) -> Instrument:
    """Apply a key given as item id → reversed; what it names counts as confirmed."""
    if isinstance(confirm, bool):
        return instrument
    if not isinstance(confirm, Mapping) or not all(
        isinstance(value, (bool, np.bool_)) for value in confirm.values()
    ):
        raise OptionError(
            f"confirm_keying={confirm!r} must be True, False, or a mapping from item ids to "
            "whether they are reversed (True or False)."
        )
    for name in confirm:
        instrument.item(name)  # raises, with near matches, for an unknown id
    items = tuple(
        item.model_copy(
            update={"reverse": bool(confirm[item.id]), "score_map": None, "confirmed": True}
        )
        if item.id in confirm
        else item
        for item in instrument.items
    )
    return instrument.model_copy(update={"items": items})


def refuse_unscored(instrument: Instrument) -> None:
    """Refuse instruments of which no score can be computed, with their reason."""
    if instrument.unscored is not None:
        raise InstrumentError(
            f"Instrument '{instrument.id}' cannot be scored. {instrument.unscored.strip()}"
        )


def require_confirmation(
    instrument: Instrument, items: Sequence[Item], confirm: bool | Mapping[str, bool]
) -> Unverified:
    """Name what is unverified; refuse it unless the user accepts it as stored."""
    empty = [scale.id for scale in instrument.scales if not scale.items]
    used = {item.response_set for item in items}
    found = Unverified(
        scales=tuple(s.id for s in instrument.scales if s.items and not s.confirmed),
        items=tuple(item for item in items if not item.confirmed),
        response_sets=tuple(
            r for r in instrument.response_sets if r.id in used and not r.range_confirmed
        ),
    )
    if empty:
        raise InstrumentError(
            f"Which items belong to scale(s) {listed(empty)} of instrument '{instrument.id}' is "
            "not known. Supply it from your copy of the instrument: "
            f"instrument.with_key(scales={{'{empty[0]}': [item ids], ...}}); an empty list leaves "
            "a scale out."
            + (f" Not verified either: {'; '.join(found.phrases())}." if found else "")
        )
    if found and confirm is not True:
        raise InstrumentError(
            f"Instrument '{instrument.id}' holds facts that could not be verified in the source, "
            f"and scores would depend on them: {'; '.join(found.phrases())}. Check your copy of "
            "the instrument, then pass confirm_keying=True to accept what is stored, or supply "
            f"what you know{_ways(found)}."
        )
    return found


def _ways(found: Unverified) -> str:
    """Say how to supply what is unverified."""
    mapped = [item.id for item in found.items if item.score_map is not None]
    plain = [item.id for item in found.items if item.score_map is None]
    parts = []
    if plain:
        parts.append("reverse=[ids of all reversed items]")
    if mapped:
        parts.append(f"score_maps={{'{mapped[0]}': {{code: score, ...}}}}")
    if found.scales:
        parts.append(f"scales={{'{found.scales[0]}': [item ids], ...}}")
    if found.response_sets:
        parts.append(f"ranges={{'{found.response_sets[0].id}': (lowest, highest)}}")
    alone = len(parts) == 1 and plain
    short = f" as confirm_keying={{'{plain[0]}': True}}, True for reversed, or" if alone else ""
    return f"{short} with instrument.with_key({', '.join(parts)})"
