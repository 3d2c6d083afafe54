"""An instrument as respondents see it: blocks of statements that share their answers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

from trustmeasure._checks import listed, near
from trustmeasure.errors import InstrumentError, InstrumentWarning, OptionError
from trustmeasure.instruments import Instrument, Item
from trustmeasure.instruments.models import text_in
from trustmeasure.platforms.wording import plain

_REFERENT = "{referent}"
# Where an instrument has no question above its statements, platforms still want a text.
_QUESTIONS = {
    "en": "Please give one answer in each row.",
    "es": "Por favor, dé una respuesta en cada fila.",
}


@dataclass(frozen=True)
class Statement:
    """One item as it is asked."""

    id: str
    text: str


@dataclass(frozen=True)
class Block:
    """A run of items with the same answers, shown as one matrix.

    Attributes
    ----------
    id : str
        Names the block in the questionnaire, as "agree5" or, the second time, "agree5-2".
    response_set : str
    form : str or None
    heading : str
        What stands above the block, where the instrument has forms or staged facets.
    stem : str
        The question above the statements; may be empty.
    anchors : tuple of (int, str)
        What a rater sees at each stage, where the facet says so.
    options : tuple of (int, str)
        Every code with its label; an answer without a label shows its code.
    """

    id: str
    response_set: str
    form: str | None
    heading: str
    stem: str
    anchors: tuple[tuple[int, str], ...]
    options: tuple[tuple[int, str], ...]
    items: tuple[Statement, ...]

    @property
    def question(self) -> str:
        """Stem and anchors as one text, for platforms that have one place for both."""
        parts = [self.stem] if self.stem else []
        labels = dict(self.options)
        parts += [f"{labels[code]}: {text}" for code, text in self.anchors]
        return " ".join(parts)


@dataclass(frozen=True)
class Questionnaire:
    """Everything that a survey definition holds, in one language."""

    instrument: Instrument
    language: str
    title: str
    instructions: str
    blocks: tuple[Block, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All items in order."""
        return tuple(item for block in self.blocks for item in block.items)

    def texts(self) -> list[tuple[str, str]]:
        """Give every text that respondents see, each with the place that it comes from."""
        found = [("the title", self.title), ("the instructions", self.instructions)]
        for block in self.blocks:
            found.append((f"the question of block '{block.id}'", block.question))
            found.append((f"the heading of block '{block.id}'", block.heading))
            found += [(f"the label of code {code}", label) for code, label in block.options]
            found += [(f"item '{item.id}'", item.text) for item in block.items]
        return found

    def asked(self, block: Block) -> str:
        """Give the question above a block, or words that do where it has none."""
        tag = self.language.split("-")[0].lower()
        return block.question or _QUESTIONS.get(tag, _QUESTIONS["en"])

    def alone(self, block: Block) -> str:
        """Word a block of one item as a single question; the dash lets readers find the item."""
        return (
            f"{block.question} – {block.items[0].text}" if block.question else block.items[0].text
        )

    def small_print(self) -> tuple[str, ...]:
        """Say version, licence, reference, and how far all of it can be relied on."""
        instrument = self.instrument
        lines = [f"{instrument.id}, version {instrument.version}. Licence: {instrument.licence}."]
        if instrument.text == "none":
            lines.append(
                "The wording does not come with the instrument: whoever attached it answers for "
                "the right to use it."
            )
        if instrument.citation is not None:
            lines.append(instrument.cite())
        if instrument.status == "unvalidated":
            lines.append("Unvalidated item bank: no data show yet how well it measures.")
        elif instrument.status == "piloted":
            lines.append("Piloted, but not validated.")
        if _unreviewed(instrument, self.language):
            lines.append(f"Unreviewed translation ({self.language}).")
        return tuple(lines)


# -- from an instrument ---------------------------------------------------------------------


def lay_out(instrument: Instrument, *, language: str, referent: str | None) -> Questionnaire:
    """Check that an instrument can be asked in this language, and lay it out."""
    check_askable(instrument)
    check_language(instrument, language)
    check_referent(instrument, language, referent)
    laid = Questionnaire(
        instrument=instrument,
        language=language,
        title=_line(text_in(instrument.title, language) or instrument.id),
        instructions=_line(
            instrument.instruction(
                language=language, referent=referent, form=_only_form(instrument)
            )
        ),
        blocks=_blocks(instrument, language, referent),
    )
    _refuse_open_placeholders(laid)
    _refuse_repeated_labels(laid)
    return laid


def check_askable(instrument: Instrument) -> None:
    """Refuse an instrument without items or answers."""
    known = {answers.id for answers in instrument.response_sets}
    unasked = [item.id for item in instrument.items if item.response_set not in known]
    if instrument.items and not unasked:
        return
    found = (
        f"Item(s) {listed(unasked)} of instrument '{instrument.id}' have no answers to choose from"
        if unasked
        else f"Instrument '{instrument.id}' has no items"
    )
    why = f" {instrument.unscored}" if instrument.unscored else ""
    raise InstrumentError(f"{found}, so it cannot be asked and there is nothing to export.{why}")


def check_language(instrument: Instrument, language: str) -> None:
    """Refuse a language that not every wording has; warn of an unreviewed translation."""
    if not isinstance(language, str) or not language.strip():
        raise OptionError(f"language={language!r} must be a language tag, such as 'en' or 'es'.")
    if language == "all":
        raise OptionError(
            "language='all' is not offered: one export is in one language. Export once for each."
        )
    lacking = [i.id for i in instrument.items if not _has(i.text, language)]
    if lacking:
        there = listed(instrument.languages) if instrument.languages else "none"
        raise OptionError(
            f"language='{language}': {len(lacking)} of {len(instrument.items)} items of instrument "
            f"'{instrument.id}' have no wording in it ({listed(lacking, 6)}). Languages in which "
            f"every item has one: {there}." + near(language, instrument.languages)
        )
    used = {item.response_set for item in instrument.items}
    for answers in instrument.response_sets:
        texts = [*answers.labels.values(), *([answers.stem] if answers.stem else [])]
        if answers.id in used and not all(_has(text, language) for text in texts):
            raise OptionError(
                f"language='{language}': the items have it, but the labels or the question of "
                f"response set '{answers.id}' do not. Add them to the instrument."
            )
    if instrument.instructions and not _has(instrument.instructions, language):
        raise OptionError(
            f"language='{language}': the items have it, but the instructions do not. Add them to "
            "the instrument."
        )
    facets = {item.facet for item in instrument.items}
    for facet in instrument.facets:
        if facet.id in facets and not all(_has(text, language) for text in facet.anchors.values()):
            raise OptionError(
                f"language='{language}': the items have it, but the anchors of facet '{facet.id}' "
                "do not. Add them to the instrument."
            )
    if _unreviewed(instrument, language):
        _warn(
            f"The wording of instrument '{instrument.id}' in language '{language}' is an "
            "unreviewed translation. Have somebody who speaks it well check it before use."
        )


def check_referent(instrument: Instrument, language: str, referent: str | None) -> None:
    """Refuse a referent that is no text, and a placeholder that nothing fills."""
    if referent is not None:
        if not isinstance(referent, str) or not referent.strip() or _REFERENT in referent:
            raise OptionError(
                f"referent={referent!r} must be the words that stand for {_REFERENT}, such as "
                "'my team'."
            )
        if not _speaks_of_referent(instrument):
            raise OptionError(
                f"referent={referent!r} has nothing to stand for: no wording of instrument "
                f"'{instrument.id}' holds {_REFERENT}. Leave referent= out."
            )
        return
    for item in instrument.items:
        if not any(_REFERENT in text for text in item.text.values()):
            continue
        own: tuple[Mapping[str, str], ...] = next(
            (f.referents for f in instrument.forms if f.id == item.form), ()
        )
        known = own or instrument.referents
        if not known or not _has(known[0], language):
            raise OptionError(
                f"Item '{item.id}' speaks of {_REFERENT}, and the instrument has none in language "
                f"'{language}'. Pass referent=, such as referent='my team'."
            )


def _speaks_of_referent(instrument: Instrument) -> bool:
    texts = [item.text for item in instrument.items]
    texts += [answers.stem for answers in instrument.response_sets]
    texts.append(instrument.instructions)
    return any(_REFERENT in words for text in texts for words in text.values())


def _blocks(instrument: Instrument, language: str, referent: str | None) -> tuple[Block, ...]:
    staged = {facet.id: facet for facet in instrument.facets if facet.anchors}
    several = len({item.form for item in instrument.items}) > 1

    def key(item: Item) -> tuple[str, str, str]:
        return item.response_set, item.form or "", item.facet if item.facet in staged else ""

    blocks: list[Block] = []
    seen: dict[str, int] = {}
    # Files list the two items of a pair one after the other; people answer one form whole.
    forms = list(dict.fromkeys(item.form for item in instrument.items))
    ordered = sorted(instrument.items, key=lambda item: forms.index(item.form))
    for (set_id, form_id, facet_id), run in groupby(ordered, key):
        items = list(run)
        answers = instrument.response_set(items[0].id)
        form = next((f for f in instrument.forms if f.id == form_id), None)
        facet = staged.get(facet_id)
        headings = [text_in(form.title, language) or form.id] if form and several else []
        headings += [text_in(facet.title, language) or facet.id] if facet else []
        seen[set_id] = seen.get(set_id, 0) + 1
        name = set_id if seen[set_id] == 1 else f"{set_id}-{seen[set_id]}"
        while any(block.id == name for block in blocks):
            name += "-2"
        blocks.append(
            Block(
                id=name,
                response_set=set_id,
                form=form_id or None,
                heading=_line(" · ".join(headings)),
                stem=_line(
                    instrument.stem(
                        set_id, language=language, referent=referent, form=form_id or None
                    )
                ),
                anchors=tuple(
                    (code, _line(text_in(text, language)))
                    for code, text in sorted(facet.anchors.items())
                    if answers.min <= code <= answers.max
                )
                if facet
                else (),
                options=tuple(
                    (code, _line(text_in(answers.labels.get(code, {}), language)) or str(code))
                    for code in answers.values
                ),
                items=tuple(
                    Statement(
                        item.id,
                        _line(instrument.item_text(item.id, language=language, referent=referent)),
                    )
                    for item in items
                ),
            )
        )
    return tuple(blocks)


def _only_form(instrument: Instrument) -> str | None:
    """Give the form that all items belong to, if there is one."""
    forms = {item.form for item in instrument.items}
    return forms.pop() if len(forms) == 1 else None


def _has(texts: Mapping[str, str], language: str) -> bool:
    """Tell whether there is a text in the language, or in a broader one: es for es-MX."""
    tags = {tag.lower() for tag, text in texts.items() if text.strip()}
    return language.lower() in tags or language.split("-")[0].lower() in tags


def _unreviewed(instrument: Instrument, language: str) -> bool:
    by_tag = {tag.lower(): found for tag, found in instrument.translations.items()}
    found = by_tag.get(language.lower()) or by_tag.get(language.split("-")[0].lower())
    return found is not None and found.status == "unreviewed"


def _line(text: str) -> str:
    """Bring a text onto one line: line breaks in a file are for reading it."""
    return " ".join(text.split())


def _warn(message: str) -> None:
    warnings.warn(message, InstrumentWarning, stacklevel=5)


def _refuse_open_placeholders(laid: Questionnaire) -> None:
    # Headings and anchors may speak of somebody whom no argument names.
    left = [place for place, text in laid.texts() if _REFERENT in text]
    if left:
        raise OptionError(
            f"{_REFERENT} is not filled in {listed(left, 4)}. Pass referent=, such as "
            "referent='my team'."
        )


def _refuse_repeated_labels(laid: Questionnaire) -> None:
    """Refuse answers that look the same: nobody could tell them apart afterwards."""
    for block in laid.blocks:
        labels = [plain(label) for _, label in block.options]
        twice = sorted({label for _, label in block.options if labels.count(plain(label)) > 1})
        if twice:
            raise InstrumentError(
                f"Response set '{block.id}' shows {listed(twice)} for several answers. An answer "
                "without a label shows its code: give it a label."
            )
