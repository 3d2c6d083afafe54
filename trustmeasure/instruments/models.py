"""An instrument: its items, how they are answered, and how they are scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import pandas as pd
from pydantic import BeforeValidator, Field, StrictBool, ValidationInfo, model_validator

from trustmeasure._checks import listed, near
from trustmeasure.errors import InstrumentError, OptionError
from trustmeasure.instruments import variants
from trustmeasure.instruments.citations import Citation
from trustmeasure.instruments.coherence import RESERVED_NAMES, incoherences
from trustmeasure.instruments.parts import (
    OR_TEXT,
    Construct,
    Evidence,
    Facet,
    Form,
    Item,
    LanguageTag,
    Level,
    Method,
    Part,
    ResponseSet,
    Scale,
    Text,
    Translation,
    least_answers,
    text_in,
)
from trustmeasure.instruments.problems import ProblemsError

__all__ = [
    "RESERVED_NAMES",
    "Citation",
    "Construct",
    "Evidence",
    "Facet",
    "Form",
    "Instrument",
    "Item",
    "Level",
    "Method",
    "ResponseSet",
    "Scale",
    "Translation",
    "least_answers",
    "text_in",
]

Named = TypeVar("Named", Item, Scale, ResponseSet)

# The context of a validation that leaves out whether the parts fit each other.
PARTS_ONLY: dict[str, Any] = {"parts_only": True}


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
    licence_required: StrictBool = False
    instructions: Text = Field(default_factory=dict)
    referents: tuple[Text, ...] = ()
    translations: dict[LanguageTag, Translation] = Field(default_factory=dict)
    forms: tuple[Form, ...] = ()
    facets: tuple[Facet, ...] = ()
    response_sets: tuple[ResponseSet, ...] = ()
    items: tuple[Item, ...] = ()
    scales: tuple[Scale, ...] = ()
    unscored: str | None = None
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
    def _check(self, info: ValidationInfo) -> Self:
        if info.context is PARTS_ONLY:
            return self
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
        if not wanted:  # possible in an instrument that is not scored
            raise InstrumentError(
                f"Item '{item_id}' of instrument '{self.id}' has no response set, so nobody can "
                "answer it with a code." + (f" {self.unscored.strip()}" if self.unscored else "")
            )
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
        item = self.item(item_id)
        return self._filled(text_in(item.text, language), language, referent, item.form)

    def stem(
        self,
        response_set: str,
        *,
        language: str = "en",
        referent: str | None = None,
        form: str | None = None,
    ) -> str:
        """Give the question above the items of a response set, with the referent filled in."""
        answers = _find(self.id, "response set", self.response_sets, response_set)
        return self._filled(text_in(answers.stem, language), language, referent, form)

    def instruction(
        self, *, language: str = "en", referent: str | None = None, form: str | None = None
    ) -> str:
        """Give what respondents read first, with the referent filled in."""
        return self._filled(text_in(self.instructions, language), language, referent, form)

    def _filled(self, text: str, language: str, referent: str | None, form: str | None) -> str:
        if referent is None:
            known = self.referents_of(form)
            referent = text_in(known[0], language) if known else "{referent}"
        filled = text.replace("{referent}", referent)
        # "my team" begins a sentence where the placeholder does.
        return filled[:1].upper() + filled[1:] if text.startswith("{referent}") else filled

    def referents_of(self, form: str | None = None) -> tuple[Text, ...]:
        """Give who may be rated in a form: the form's own referents, or the instrument's."""
        own = next((known.referents for known in self.forms if known.id == form), ())
        return own or self.referents

    @property
    def item_ids(self) -> tuple[str, ...]:
        """All item ids in order."""
        return tuple(item.id for item in self.items)

    @property
    def name(self) -> str:
        """The English title."""
        return text_in(self.title) or self.id

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which every item has a wording."""
        if not self.items:
            return ()
        return tuple(
            tag
            for tag, text in self.items[0].text.items()
            if text.strip() and all(item.text.get(tag, "").strip() for item in self.items)
        )

    # -- tables, citation, derived instruments ---------------------------------------------

    def to_frame(self, *, language: str = "en") -> pd.DataFrame:
        """List the items: wording, range, keying, facet and scales, one row an item."""
        from trustmeasure.instruments.codebook import items_frame

        return items_frame(self, language)

    def to_codebook(self, *, language: str = "en", referent: str | None = None) -> pd.DataFrame:
        """Describe every item in words: what is asked, what each answer counts, and why.

        Parameters
        ----------
        language : str
            Of wordings and labels; where one is missing, another language stands in.
        referent : str, optional
            Who is rated; by default the first one of the form or the instrument.

        Returns
        -------
        DataFrame
            Index ``item``; columns text, response_set, answers (the codes with their labels),
            min, max, keying, facet, form, pair, scales, rationale, source.

        Raises
        ------
        OptionError
            For a language in which the instrument says nothing.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> book = tm.load_instrument("psychological-safety").to_codebook(referent="our ward")
        >>> print(book.loc["ps04", "text"])
        People in our ward wait until after the meeting to say what worries them.
        >>> print(book.loc["ps04", "keying"])
        reversed: 6 − answer
        """
        from trustmeasure.instruments.codebook import codebook

        return codebook(self, language, referent)

    def coverage(self) -> pd.DataFrame:
        """Show which item covers which facet: one row a facet, one column an item.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> covered = tm.load_instrument("psychological-safety").coverage()
        >>> int(covered.loc["asking-for-help"].sum())
        5
        """
        from trustmeasure.instruments.codebook import coverage

        return coverage(self)

    def cite(self, style: Literal["apa", "bibtex"] = "apa") -> str:
        """Give the reference of the instrument in APA style or as a BibTeX entry.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> print(tm.load_instrument("trust-pulse").cite())
        The trustmeasure developers (2026). Trust pulse (version ...). trustmeasure.
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
        return variants.subset(self, items)

    def form(self, form: str) -> Instrument:
        """Keep the items of one form, as for the people who answer that form only.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> both = tm.load_instrument("practitioner-trust")
        >>> len(both.items), len(both.form("stakeholder").items)
        (36, 18)
        """
        return variants.one_form(self, form)

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
        return variants.with_response_set(self, response_set, items)

    def with_key(
        self,
        *,
        reverse: Iterable[str] | None = None,
        score_maps: Mapping[str, Mapping[int, float]] | None = None,
        scales: Mapping[str, Iterable[str]] | None = None,
        ranges: Mapping[str, tuple[int, int]] | None = None,
    ) -> Instrument:
        """Supply a key of your own where the stored one could not be verified.

        What is given counts as confirmed, so that scoring no longer asks for it.

        Parameters
        ----------
        reverse : iterable of str, optional
            All items that are reversed; every other item is then taken as not reversed, but
            for those with a score map.
        score_maps : mapping, optional
            Item id → code → score, where neither direction describes the keying.
        scales : mapping, optional
            Scale id → its items. An empty list leaves the scale out.
        ranges : mapping, optional
            Response set id → (lowest code, highest code).

        Returns
        -------
        Instrument

        Raises
        ------
        InstrumentError
            For unknown items, scales or response sets, and for a key that does not fit.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> checked = tm.load_instrument("mcallister-1995").with_key(reverse=[])
        >>> checked.item("cbt11").confirmed, checked.item("cbt11").reverse
        (True, False)
        """
        return variants.with_key(self, reverse, score_maps, scales, ranges)

    def with_text(
        self, source: str | Path | Mapping[str, str | Mapping[str, str]], *, licensed: bool = False
    ) -> Instrument:
        """Attach item wordings that you may use, as from a licence holder.

        Parameters
        ----------
        source : path or mapping
            A CSV with the columns ``id``, ``text`` and, if there are several languages,
            ``language``; or a mapping item id → text, or item id → language → text.
        licensed : bool
            Say that you hold the licence that the instrument requires, where it does.

        Returns
        -------
        Instrument
            With the texts. Whatever is written leaves them out again unless asked, where the
            instrument itself ships without wording.

        Raises
        ------
        InstrumentError
            For unknown items, a source that cannot be read, and where a licence is required.

        Warns
        -----
        InstrumentWarning
            Where a licence is required, as a reminder of its terms.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> pulse = tm.load_instrument("trust-pulse")
        >>> german = pulse.with_text({"tp01": {"de": "Was vereinbart war, wurde getan."}})
        >>> german.item_text("tp01", language="de")
        'Was vereinbart war, wurde getan.'
        """
        return variants.with_text(self, source, licensed)

    def shows_text(self, include_text: bool | None = None) -> bool:
        """Decide whether item wordings may go into what is written or drawn.

        Everything that leaves the library asks this. An instrument of ``text: none`` keeps
        the wordings that a user attached to itself; its item ids stand in for them.

        Parameters
        ----------
        include_text : bool, optional
            What the user asked for; None where nothing was asked.

        Returns
        -------
        bool

        Raises
        ------
        OptionError
            For anything but True, False and None.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> tm.load_instrument("trust-pulse").shows_text()
        True
        >>> licensed = tm.load_instrument("edmondson-1999").with_text({"tps1": "As licensed."})
        >>> licensed.shows_text(), licensed.shows_text(include_text=True)
        (False, True)
        """
        if include_text is not None and not isinstance(include_text, bool):
            raise OptionError(f"include_text={include_text!r} must be True, False or None.")
        return self.text == "included" if include_text is None else include_text

    def without_text(self) -> Instrument:
        """Leave the item wordings out: the structure alone."""
        bare = tuple(item.model_copy(update={"text": {}}) for item in self.items)
        return self.model_copy(update={"items": bare, "text": "none"})

    def save(
        self, path: str | Path, *, overwrite: bool = False, include_text: bool | None = None
    ) -> Path:
        """Write the instrument as a YAML (or, by its ending, JSON) file.

        ``include_text`` defaults to True, but to False for an instrument that ships
        without wording, so that licensed texts leave only when asked to.
        """
        from trustmeasure.instruments.files import write_instrument

        shown = self.shows_text(include_text)
        return write_instrument(self, Path(path), overwrite=overwrite, include_text=shown)


def _find(owner: str, kind: str, parts: Iterable[Named], wanted: str) -> Named:
    known = {part.id: part for part in parts}
    if wanted not in known:
        raise InstrumentError(
            f"Instrument '{owner}' has no {kind} '{wanted}'. It has: {listed(known)}."
            + near(wanted, known)
        )
    return known[wanted]
