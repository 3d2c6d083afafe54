"""An instrument: its items, how they are answered, and how they are scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from trustmeasure._checks import listed, near
from trustmeasure.errors import InstrumentError
from trustmeasure.instruments.citations import Citation
from trustmeasure.instruments.coherence import RESERVED_NAMES, incoherences
from trustmeasure.instruments.parts import (
    OR_TEXT,
    Construct,
    Evidence,
    Item,
    Level,
    Method,
    Part,
    ResponseSet,
    Scale,
    Text,
    least_answers,
    text_in,
)
from trustmeasure.instruments.problems import ProblemsError

__all__ = [
    "RESERVED_NAMES",
    "Citation",
    "Construct",
    "Evidence",
    "Instrument",
    "Item",
    "Level",
    "Method",
    "ResponseSet",
    "Scale",
    "least_answers",
    "text_in",
]

ItemOrScale = TypeVar("ItemOrScale", Item, Scale)


def _as_construct(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _as_citation(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class Instrument(Part):
    """A questionnaire: its items, how they are answered, and how they are scored.

    Instruments do not change; ``subset`` and ``with_text`` give new ones. They come from
    `load_instrument`, `build_instrument`, or a file.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    id: str = Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")
    version: str = "0.1.0"
    title: Text
    # Not plainly "construct", which pydantic's models use as a method.
    measured_construct: Annotated[Construct | None, BeforeValidator(_as_construct)] = Field(
        default=None, alias="construct", json_schema_extra=OR_TEXT
    )
    level: Level = "person"
    status: Literal["unvalidated", "piloted", "validated"] = "unvalidated"
    text: Literal["included", "none"] = "included"
    licence: str = "unspecified"
    licence_status: str | None = None
    contact: str | None = None
    citation: Annotated[Citation | None, BeforeValidator(_as_citation)] = Field(
        default=None, json_schema_extra=OR_TEXT
    )
    referents: tuple[Text, ...] = ()
    response_sets: tuple[ResponseSet, ...] = Field(min_length=1)
    items: tuple[Item, ...] = Field(min_length=1)
    scales: tuple[Scale, ...] = Field(min_length=1)
    aliases: dict[str, str] = Field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    notes: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_single_response_set(cls, data: Any) -> Any:
        """Let items leave out the response set where the instrument has just one."""
        if not isinstance(data, Mapping):
            return data
        sets, items = data.get("response_sets"), data.get("items")
        if not isinstance(sets, (list, tuple)) or len(sets) != 1:
            return data
        only = sets[0].get("id") if isinstance(sets[0], Mapping) else getattr(sets[0], "id", None)
        if not isinstance(only, str) or not isinstance(items, (list, tuple)):
            return data
        filled = [
            {**item, "response_set": only}
            if isinstance(item, Mapping) and "response_set" not in item
            else item
            for item in items
        ]
        return {**data, "items": filled}

    @model_validator(mode="after")
    def _check(self) -> Self:
        found = list(incoherences(self))
        if found:
            raise ProblemsError(found)
        return self

    # -- looking things up ---------------------------------------------------------------

    def item(self, item_id: str) -> Item:
        """Give the item with this id."""
        return _find(self.id, "item", self.items, item_id)

    def scale(self, scale_id: str) -> Scale:
        """Give the scale with this id."""
        return _find(self.id, "scale", self.scales, scale_id)

    def response_set(self, item_id: str) -> ResponseSet:
        """Give the response set of an item."""
        wanted = self.item(item_id).response_set
        return next(r for r in self.response_sets if r.id == wanted)

    def response_range(self, item_id: str) -> tuple[int, int]:
        """Give the lowest and the highest code of an item."""
        answers = self.response_set(item_id)
        return answers.min, answers.max

    def n_options(self, item_id: str) -> int:
        """Give the number of answers that an item offers."""
        return self.response_set(item_id).n_options

    def item_text(self, item_id: str, *, language: str = "en", referent: str | None = None) -> str:
        """Give an item's wording with the referent filled in (by default the first one)."""
        text = text_in(self.item(item_id).text, language)
        if referent is None:
            referent = text_in(self.referents[0], language) if self.referents else "{referent}"
        filled = text.replace("{referent}", referent)
        # "my team" begins a sentence where the placeholder does.
        return filled[:1].upper() + filled[1:] if text.startswith("{referent}") else filled

    @property
    def item_ids(self) -> tuple[str, ...]:
        """All item ids in order."""
        return tuple(item.id for item in self.items)

    @property
    def name(self) -> str:
        """The English title."""
        return text_in(self.title) or self.id

    # -- tables, citation, derived instruments ---------------------------------------------

    def to_frame(self, *, language: str = "en") -> pd.DataFrame:
        """List the items: wording, range, keying, facet and scales, one row an item."""
        rows = []
        for item in self.items:
            low, high = self.response_range(item.id)
            rows.append(
                {
                    "item": item.id,
                    "text": text_in(item.text, language),
                    "response_set": item.response_set,
                    "min": low,
                    "max": high,
                    "reverse": item.reverse,
                    "facet": item.facet,
                    "scales": ", ".join(s.id for s in self.scales if item.id in s.items),
                    "confirmed": item.confirmed,
                }
            )
        return pd.DataFrame(rows).set_index("item")

    def cite(self, style: Literal["apa", "bibtex"] = "apa") -> str:
        """Give the reference of the instrument in APA style or as a BibTeX entry.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> print(tm.load_instrument("trust-pulse").cite())
        The trustmeasure developers (2026). Trust pulse (version 1.0.0). trustmeasure.
        """
        if self.citation is None:
            raise InstrumentError(
                f"Instrument '{self.id}' has no citation. Add one with "
                "citation= (build_instrument) or citation: (file)."
            )
        return self.citation.format(style, key=self.id)

    def subset(self, items: Iterable[str]) -> Instrument:
        """Keep only these items, and the scales that still have any of them.

        Published evidence stays only for scales that keep all of their items; where none
        is left, the subset counts as unvalidated.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> short = tm.load_instrument("psychological-safety").subset(["ps01", "ps02", "ps08"])
        >>> [(scale.id, len(scale.items)) for scale in short.scales]
        [('psychological_safety', 3), ('speaking_up', 2), ('learning_from_error', 1)]
        """
        wanted = [items] if isinstance(items, str) else list(items)
        if not wanted:
            raise InstrumentError(f"A subset of instrument '{self.id}' needs at least one item.")
        kept = {self.item(name).id for name in wanted}
        scales = [
            scale.model_copy(
                update={
                    "items": tuple(i for i in scale.items if i in kept),
                    # A count that asks for more items than are left asks for all that are.
                    "min_valid": min(scale.min_valid, sum(i in kept for i in scale.items))
                    if isinstance(scale.min_valid, int)
                    else scale.min_valid,
                }
            )
            for scale in self.scales
            if kept & set(scale.items)
        ]
        if not scales:
            raise InstrumentError(
                f"None of {listed(wanted)} belongs to a scale of instrument '{self.id}', so the "
                "subset could not be scored."
            )
        whole = {scale.id for scale in self.scales if kept >= set(scale.items)}
        if kept == set(self.item_ids):
            return self
        evidence = tuple(entry for entry in self.evidence if entry.scale in whole)
        return self.model_copy(
            update={
                "items": tuple(i for i in self.items if i.id in kept),
                "scales": tuple(scales),
                "aliases": {k: v for k, v in self.aliases.items() if v in kept},
                "evidence": evidence,
                "status": self.status if evidence else "unvalidated",
            }
        )

    def with_response_set(
        self, response_set: str, *, items: Iterable[str] | None = None
    ) -> Instrument:
        """Let items be answered on another of the instrument's response sets.

        Parameters
        ----------
        response_set : str
            The id of a response set that the instrument offers.
        items : iterable of str, optional
            Which items; by default all.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> seven = tm.load_instrument("trust-pulse").with_response_set("agree7")
        >>> seven.response_range("tp01")
        (1, 7)
        """
        offered = [answers.id for answers in self.response_sets]
        if response_set not in offered:
            raise InstrumentError(
                f"Instrument '{self.id}' has no response set '{response_set}'. It has: "
                f"{listed(offered)}." + near(response_set, offered)
            )
        chosen = self.item_ids if items is None else [items] if isinstance(items, str) else items
        changed = {self.item(name).id for name in chosen}
        instrument = self.model_copy(
            update={
                "items": tuple(
                    item.model_copy(update={"response_set": response_set})
                    if item.id in changed
                    else item
                    for item in self.items
                )
            }
        )
        found = [message for _, message in incoherences(instrument)]
        if found:
            raise InstrumentError(
                f"Instrument '{self.id}' cannot use the response set '{response_set}': "
                + "; ".join(found)
            )
        return instrument

    def with_text(self, source: str | Path | Mapping[str, str | Mapping[str, str]]) -> Instrument:
        """Attach item wordings that you may use, as from a licence holder.

        Parameters
        ----------
        source : path or mapping
            A CSV with the columns ``id``, ``text`` and, if there are several languages,
            ``language``; or a mapping item id → text, or item id → language → text.

        Returns
        -------
        Instrument
            With the texts. ``save`` leaves them out again unless asked, where the
            instrument itself ships without wording.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> pulse = tm.load_instrument("trust-pulse")
        >>> german = pulse.with_text({"tp01": {"de": "Was vereinbart war, wurde getan."}})
        >>> german.item_text("tp01", language="de")
        'Was vereinbart war, wurde getan.'
        """
        from trustmeasure.instruments.files import make_instrument, read_texts

        texts = read_texts(source)
        unknown = [name for name in texts if name not in self.item_ids]
        if unknown:
            raise InstrumentError(
                f"The texts name item(s) {listed(unknown)}, which instrument '{self.id}' does not "
                f"have. It has: {listed(self.item_ids)}." + near(unknown[0], self.item_ids)
            )
        data = self.model_dump(by_alias=True)
        for item in data["items"]:
            item["text"] = {**item["text"], **texts.get(item["id"], {})}
        return make_instrument(data, source=f"Instrument '{self.id}' with the new texts")

    def save(
        self, path: str | Path, *, overwrite: bool = False, include_text: bool | None = None
    ) -> Path:
        """Write the instrument as a YAML (or, by its ending, JSON) file.

        ``include_text`` defaults to True, but to False for an instrument that ships
        without wording, so that licensed texts leave only when asked to.
        """
        from trustmeasure.instruments.files import write_instrument

        if include_text is None:
            include_text = self.text == "included"
        return write_instrument(self, Path(path), overwrite=overwrite, include_text=include_text)


def _find(owner: str, kind: str, parts: Iterable[ItemOrScale], wanted: str) -> ItemOrScale:
    known = {part.id: part for part in parts}
    if wanted not in known:
        raise InstrumentError(
            f"Instrument '{owner}' has no {kind} '{wanted}'. It has: {listed(known)}."
            + near(wanted, known)
        )
    return known[wanted]
