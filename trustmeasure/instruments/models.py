"""What an instrument is: items, response sets, scales, and the facts around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from trustmeasure._checks import listed, near
from trustmeasure.errors import InstrumentError
from trustmeasure.instruments.citations import Citation

Method = Literal["mean", "sum", "pomp"]
Level = Literal["person", "dyad", "team", "organisation"]

# Score tables use these as column names, so no item or scale may.
RESERVED_NAMES = frozenset({"respondent", "cluster", "wave"})


def _as_languages(value: Any) -> Any:
    """Take a bare string as English."""
    return {"en": value} if isinstance(value, str) else value


def _as_share_or_count(value: Any) -> Any:
    """Read the text of a number as the kind it is written as: 0.5 a share, 3 a count."""
    if isinstance(value, str):
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            return value  # the type check that follows words the error
    return value


LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Text = Annotated[
    dict[LanguageTag, str],
    BeforeValidator(_as_languages, json_schema_input_type=dict[LanguageTag, str] | str),
]
Name = Annotated[str, Field(min_length=1, pattern=r"^\S(.*\S)?$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def text_in(texts: Mapping[str, str], language: str = "en") -> str:
    """Choose a text by language, falling back to a broader tag, English, and then any."""
    for tag in (language, language.split("-")[0], "en"):
        if tag in texts:
            return texts[tag]
    return next(iter(texts.values()), "")


class ResponseSet(_Model):
    """The answers that an item offers: whole-number codes from ``min`` to ``max``.

    Attributes
    ----------
    id : str
    min, max : int
        Lowest and highest code.
    labels : dict
        Code → language → label. May be partial, as where only the ends are labelled.
    confirmed : bool
        False where the labels (not the range) could not be verified in the source.
    """

    id: Name
    min: int
    max: int
    labels: dict[int, Text] = Field(default_factory=dict)
    confirmed: StrictBool = True

    @property
    def values(self) -> tuple[int, ...]:
        """All codes, lowest first."""
        return tuple(range(self.min, self.max + 1))

    @property
    def n_options(self) -> int:
        """How many answers there are."""
        return self.max - self.min + 1

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max <= self.min:
            raise ValueError(f"max is {self.max}, but must be above min, which is {self.min}")
        outside = [code for code in self.labels if not self.min <= code <= self.max]
        if outside:
            raise ValueError(
                f"label(s) for code(s) {outside} lie outside the range {self.min} to {self.max}"
            )
        return self


class Item(_Model):
    """One question.

    Attributes
    ----------
    id : str
    text : dict
        Language → wording, in which ``{referent}`` stands for who is rated. Empty where the
        project may not ship the wording.
    response_set : str
        Id of its response set; may be left out where the instrument has just one.
    reverse : bool
        A high answer means little of the construct. Scoring turns it round.
    score_map : dict, optional
        Code → score, for keying that neither direction describes.
    facet, form, pair, rationale, source : str, optional
        Where the item stands in the content plan, why it is there, and on what grounds.
    confirmed : bool
        False where the keying could not be verified; scoring then asks for confirmation.
    """

    id: Name
    text: Text = Field(default_factory=dict)
    response_set: Name = ""
    reverse: StrictBool = False
    facet: str | None = None
    form: str | None = None
    pair: str | None = None
    rationale: str | None = None
    source: str | None = None
    score_map: dict[int, float] | None = None
    confirmed: StrictBool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.reverse and self.score_map is not None:
            raise ValueError(
                "has both reverse: true and a score_map; a score_map alone says it all"
            )
        return self


class Scale(_Model):
    """Items that are scored together.

    Attributes
    ----------
    id : str
    title : dict
        Language → title.
    items : tuple of str
    method : {"mean", "sum", "pomp"}
        POMP is the percentage of the maximum possible, 0 to 100.
    min_valid : int or float
        A whole number is the least count of answers; a number with a point is a share of
        the items.
    """

    id: Name
    title: Text = Field(default_factory=dict)
    items: tuple[Name, ...] = Field(min_length=1)
    method: Method = "mean"
    min_valid: Annotated[int | float, BeforeValidator(_as_share_or_count)] = 0.5
    description: str | None = None

    @property
    def name(self) -> str:
        """The English title, or the id where there is none."""
        return text_in(self.title) or self.id

    @property
    def least_answers(self) -> int:
        """``min_valid`` as a count of answers."""
        return least_answers(self.min_valid, len(self.items))

    @model_validator(mode="after")
    def _check(self) -> Self:
        repeated = _repeated(self.items)
        if repeated:
            raise ValueError(f"names item(s) {listed(repeated)} more than once")
        try:
            least_answers(self.min_valid, len(self.items))
        except InstrumentError as error:
            raise ValueError(str(error)) from None
        return self


def least_answers(min_valid: float, n_items: int) -> int:
    """Turn a count (int) or a share (float) into the least count of answers."""
    if isinstance(min_valid, bool) or not isinstance(min_valid, (int, float)):
        raise InstrumentError(f"min_valid is {min_valid!r}; expected a count or a share of items")
    if isinstance(min_valid, int):
        if not 1 <= min_valid <= n_items:
            raise InstrumentError(
                f"min_valid is the count {min_valid}, but must be from 1 to the {n_items} items "
                "of the scale (write a share with a point: 0.5)"
            )
        return min_valid
    if not 0 < min_valid <= 1:
        raise InstrumentError(
            f"min_valid is the share {min_valid}; it must be above 0 and at most 1"
        )
    # A share of 0.7 of 10 items is 7, although 0.7 * 10 is a little more in floats.
    return max(1, -int(-(min_valid * n_items - 1e-9) // 1))


Part = TypeVar("Part", Item, Scale)


class Construct(_Model):
    """What is measured: a name, a definition, and where the definition comes from."""

    name: str
    definition: str = ""
    source: str | None = None


class Evidence(_Model):
    """A published coefficient of the instrument."""

    statistic: str
    value: float
    scale: str | None = None
    n: int | None = None
    population: str | None = None
    source: str
    confirmed: StrictBool = True


def _as_construct(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _as_citation(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class Instrument(_Model):
    """A questionnaire: its items, how they are answered, and how they are scored.

    Instruments do not change; ``subset`` and ``with_text`` give new ones. They come from
    `load_instrument`, `build_instrument`, or a file.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    id: str = Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")
    version: str = "0.1.0"
    title: Text
    # Not plainly "construct", which pydantic's models use as a method.
    measured_construct: Annotated[
        Construct | None, BeforeValidator(_as_construct, json_schema_input_type=Construct | str)
    ] = Field(default=None, alias="construct")
    level: Level = "person"
    status: Literal["unvalidated", "piloted", "validated"] = "unvalidated"
    text: Literal["included", "none"] = "included"
    licence: str = "unspecified"
    licence_status: str | None = None
    contact: str | None = None
    citation: Annotated[
        Citation | None, BeforeValidator(_as_citation, json_schema_input_type=Citation | str)
    ] = None
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
        problems = [*self._name_problems(), *self._link_problems(), *self._range_problems()]
        if self.status != "unvalidated" and not self.evidence:
            problems.append(f"status is '{self.status}', but no evidence is given for it")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _name_problems(self) -> Iterable[str]:
        for kind, names in (
            ("response set", [r.id for r in self.response_sets]),
            ("item", [i.id for i in self.items]),
            ("scale", [s.id for s in self.scales]),
        ):
            repeated = _repeated(names)
            if repeated:
                yield f"{kind} id(s) {listed(repeated)} occur more than once"
        item_ids, scale_ids = {i.id for i in self.items}, {s.id for s in self.scales}
        reserved = sorted((item_ids | scale_ids) & RESERVED_NAMES)
        if reserved:
            yield f"{listed(reserved)} cannot name an item or a scale: score tables use the name"
        both = sorted(item_ids & scale_ids)
        if both:
            yield f"{listed(both)} name both an item and a scale"

    def _link_problems(self) -> Iterable[str]:
        sets = {r.id: r for r in self.response_sets}
        ids = {i.id for i in self.items}
        for item in self.items:
            if item.response_set not in sets:
                yield (
                    f"item '{item.id}' names the response set '{item.response_set}', which is "
                    f"not defined (defined: {listed(sets)})"
                )
            elif item.score_map is not None:
                unmapped = [v for v in sets[item.response_set].values if v not in item.score_map]
                if unmapped:
                    yield f"item '{item.id}' has a score_map without the code(s) {unmapped}"
            if self.text == "included" and not any(item.text.values()):
                yield f"item '{item.id}' has no text (for a structure without wording: text: none)"
        for scale in self.scales:
            unknown = [name for name in scale.items if name not in ids]
            if unknown:
                yield f"scale '{scale.id}' names unknown item(s) {listed(unknown)}" + near(
                    unknown[0], ids
                )
        stray = sorted({target for target in self.aliases.values() if target not in ids})
        if stray:
            yield f"aliases point to unknown item(s) {listed(stray)}"

    def _range_problems(self) -> Iterable[str]:
        sets = {r.id: r for r in self.response_sets}
        by_id = {i.id: i for i in self.items}
        for scale in self.scales:
            ranges = {
                (sets[by_id[name].response_set].min, sets[by_id[name].response_set].max)
                for name in scale.items
                if name in by_id and by_id[name].response_set in sets
            }
            if len(ranges) > 1 and scale.method != "pomp":
                yield (
                    f"scale '{scale.id}' mixes response ranges {sorted(ranges)}; its method must "
                    "be 'pomp', which puts every item on 0–100 first"
                )

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
        return text.replace("{referent}", referent)

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
        """Give the reference of the instrument in APA style or as a BibTeX entry."""
        if self.citation is None:
            raise InstrumentError(
                f"Instrument '{self.id}' has no citation. Add one with "
                "citation= (build_instrument) or citation: (file)."
            )
        return self.citation.format(style, key=self.id)

    def subset(self, items: Iterable[str]) -> Instrument:
        """Keep only these items, and the scales that still have any of them."""
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
        return self.model_copy(
            update={
                "items": tuple(i for i in self.items if i.id in kept),
                "scales": tuple(scales),
                "aliases": {k: v for k, v in self.aliases.items() if v in kept},
            }
        )

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
        """
        from trustmeasure.instruments.files import read_texts

        texts = read_texts(source)
        unknown = [name for name in texts if name not in self.item_ids]
        if unknown:
            raise InstrumentError(
                f"The texts name item(s) {listed(unknown)}, which instrument '{self.id}' does not "
                f"have. It has: {listed(self.item_ids)}." + near(unknown[0], self.item_ids)
            )
        return self.model_copy(
            update={
                "items": tuple(
                    item.model_copy(update={"text": {**item.text, **texts.get(item.id, {})}})
                    for item in self.items
                )
            }
        )

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


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]


def _find(owner: str, kind: str, parts: Iterable[Part], wanted: str) -> Part:
    known = {part.id: part for part in parts}
    if wanted not in known:
        raise InstrumentError(
            f"Instrument '{owner}' has no {kind} '{wanted}'. It has: {listed(known)}."
            + near(wanted, known)
        )
    return known[wanted]
