"""The parts of an instrument: response sets, items, scales, and the facts around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from trustmeasure._checks import listed
from trustmeasure.errors import InstrumentError

Method = Literal["mean", "sum", "pomp"]
Level = Literal["person", "dyad", "team", "organisation"]

# A slider from 0 to 1000 is still an answer format; a range beyond that is a slip of the pen.
MAX_OPTIONS = 1001


def _as_languages(value: Any) -> Any:
    """Take a bare string as English."""
    if isinstance(value, str):
        return {"en": value}
    if not isinstance(value, Mapping):
        raise ValueError(
            f"expected a text, or a mapping language → text; found {value!r}"
            + (" (put it in quotes)" if isinstance(value, (int, float)) else "")
        )
    return value


def _as_number(value: Any) -> Any:
    """Refuse true and false, which would count as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"expected a number; found {value!r}")
    return value


def _as_share_or_count(value: Any) -> Any:
    """Read the text of a number as the kind it is written as: 0.5 a share, 3 a count."""
    if isinstance(value, str):
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            pass
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(
            f"expected a count of answers (as 4) or a share of the items (as 0.5); found {value!r}"
        )
    return value


# The strict YAML loader hands on a number with a point as text, so files may hold either.
_NumberText = Annotated[str, Field(pattern=r"^[-+]?[0-9]+\.[0-9]+([eE][-+]?[0-9]+)?$")]

LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Text = Annotated[
    dict[LanguageTag, str],
    BeforeValidator(_as_languages, json_schema_input_type=dict[LanguageTag, str] | str),
]
Name = Annotated[str, Field(min_length=1, pattern=r"^\S(.*\S)?$")]
Whole = Annotated[int, BeforeValidator(_as_number, json_schema_input_type=int)]
Number = Annotated[
    float,
    Field(allow_inf_nan=False),
    BeforeValidator(_as_number, json_schema_input_type=float | _NumberText),
]
ShareOrCount = Annotated[
    int | float,
    BeforeValidator(_as_share_or_count, json_schema_input_type=int | float | _NumberText),
]
# Marks for `files.json_schema`: a mapping whose keys are the codes of answers, and a part that
# may be given as a mere text.
_CODES: dict[str, Any] = {"x-codes": True}
OR_TEXT: dict[str, Any] = {"x-or-text": True}


class Part(BaseModel):
    """What all parts have in common: they do not change, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def text_in(texts: Mapping[str, str], language: str = "en") -> str:
    """Choose a text by language, falling back to a broader tag, English, and then any."""
    by_tag = {tag.lower(): text for tag, text in texts.items()}
    for tag in (language.lower(), language.split("-")[0].lower(), "en"):
        if tag in by_tag:
            return by_tag[tag]
    return next(iter(texts.values()), "")


class ResponseSet(Part):
    """The answers that an item offers: whole-number codes from ``min`` to ``max``.

    Attributes
    ----------
    id : str
    min, max : int
        Lowest and highest code.
    labels : dict
        Code → language → label. May be partial, as where only the ends are labelled.
    stem : dict
        Language → the question above a list of items that share these answers; may hold
        ``{referent}``.
    confirmed : bool
        False where the labels could not be verified in the source.
    range_confirmed : bool
        False where the range could not be verified; scoring then asks for confirmation.
    """

    id: Name
    min: Whole
    max: Whole
    stem: Text = Field(default_factory=dict)
    labels: dict[int, Text] = Field(default_factory=dict, json_schema_extra=_CODES)
    confirmed: StrictBool = True
    range_confirmed: StrictBool = True

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
        if self.n_options > MAX_OPTIONS:
            raise ValueError(
                f"the range {self.min} to {self.max} holds {self.n_options} answers; at most "
                f"{MAX_OPTIONS} are allowed"
            )
        outside = [code for code in self.labels if not self.min <= code <= self.max]
        if outside:
            raise ValueError(
                f"label(s) for code(s) {outside} lie outside the range {self.min} to {self.max}"
            )
        seen: dict[tuple[str, str], int] = {}
        for code, label in self.labels.items():
            for language, words in label.items():
                known = seen.setdefault((language, words.strip().casefold()), code)
                if known != code and words.strip():
                    raise ValueError(
                        f"the codes {known} and {code} have the same label '{words}', so answers "
                        "given as labels could not be told apart"
                    )
        return self


class Item(Part):
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
    score_map: Annotated[dict[int, Number], Field(json_schema_extra=_CODES)] | None = None
    confirmed: StrictBool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.reverse and self.score_map is not None:
            raise ValueError(
                "has both reverse: true and a score_map; a score_map alone says it all"
            )
        return self


class Scale(Part):
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
    confirmed : bool
        False where the source does not say for certain which items belong here; scoring then
        asks for confirmation. Only such a scale may have no items at all.
    """

    id: Name
    title: Text = Field(default_factory=dict)
    items: tuple[Name, ...] = ()
    method: Method = "mean"
    min_valid: ShareOrCount = 0.5
    description: str | None = None
    confirmed: StrictBool = True

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
        twice = repeated(self.items)
        if twice:
            raise ValueError(f"names item(s) {listed(twice)} more than once")
        if not self.items:
            if self.confirmed:
                raise ValueError(
                    "has no items; expected at least one (or confirmed: false, where it is not "
                    "known which items belong to it)"
                )
            return self
        try:
            least_answers(self.min_valid, len(self.items))
        except InstrumentError as error:
            raise ValueError(str(error)) from None
        return self


class Facet(Part):
    """A part of the construct that items are written for.

    Attributes
    ----------
    id : str
    title, definition : dict
        Language → text.
    domain : str, optional
        The group of facets that it belongs to.
    source : str, optional
    anchors : dict
        Code → language → what a rater sees at this stage. May be partial.
    """

    id: Name
    title: Text = Field(default_factory=dict)
    definition: Text = Field(default_factory=dict)
    domain: str | None = None
    source: str | None = None
    anchors: dict[int, Text] = Field(default_factory=dict, json_schema_extra=_CODES)

    @property
    def name(self) -> str:
        """The English title, or the id where there is none."""
        return text_in(self.title) or self.id


class Form(Part):
    """One of several parallel versions of an instrument, as for the two sides of a dyad.

    Attributes
    ----------
    id : str
    title : dict
        Language → title.
    respondent : str, optional
        Who answers it.
    referents : tuple of dict
        Who is rated in this form, instead of the instrument's own referents.
    """

    id: Name
    title: Text = Field(default_factory=dict)
    respondent: str | None = None
    referents: tuple[Text, ...] = ()

    @property
    def name(self) -> str:
        """The English title, or the id where there is none."""
        return text_in(self.title) or self.id


class Translation(Part):
    """How far the wording in one language can be relied on."""

    status: Literal["unreviewed", "reviewed"] = "unreviewed"
    note: str | None = None


class Construct(Part):
    """What is measured: a name, a definition, and where the definition comes from."""

    name: str
    definition: str = ""
    source: str | None = None


class Evidence(Part):
    """A published coefficient of the instrument."""

    statistic: str
    value: Number
    scale: str | None = None
    n: Whole | None = None
    population: str | None = None
    source: str
    confirmed: StrictBool = True


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


def repeated(names: Iterable[str]) -> list[str]:
    """List the names that occur more than once."""
    seen: set[str] = set()
    twice: set[str] = set()
    for name in names:
        (twice if name in seen else seen).add(name)
    return sorted(twice)
