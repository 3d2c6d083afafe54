"""An instrument on a screen: what a person reads before using it, in a hundred columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

import pandas as pd
import typer

import trustmeasure as tm
from trustmeasure.instruments.codebook import answers_in_words
from trustmeasure.instruments.models import text_in

WIDTH = 100


def print_codebook(instrument: tm.Instrument, *, language: str, referent: str | None) -> None:
    """Print everything that an instrument says of itself."""
    book = instrument.to_codebook(language=language, referent=referent)
    typer.echo(typer.style(text_in(instrument.title, language) or instrument.id, bold=True))
    _echo(_facts(instrument, language))
    instruction = instrument.instruction(language=language, referent=referent)
    if instruction:
        _section("Instructions")
        _echo(_wrapped(instruction, "  "))
    if instrument.forms:
        _section("Forms")
        _echo(_forms(instrument, language))
    if instrument.facets:
        _section("Facets")
        _echo(_facets(instrument, language))
    if instrument.response_sets:
        _section("Response sets")
        _echo(_response_sets(instrument, language, referent))
    _section(f"Items ({len(instrument.items)})")
    _echo(_items(instrument, book, language))
    if instrument.unscored:
        _section("No scores")
        _echo(_wrapped(instrument.unscored, "  "))
    if instrument.scales:
        _section("Scales")
        _echo(_scales(instrument, language))
    if instrument.evidence:
        _section("Evidence")
        _echo(_evidence(instrument))
    if instrument.notes:
        _section("Notes")
        for paragraph in instrument.notes.strip().splitlines():
            _echo(_wrapped(paragraph, "  "))
    if instrument.citation is not None:
        _section("Cite as")
        _echo(_wrapped(instrument.cite(), "  "))


# -- parts -----------------------------------------------------------------------------------


def _facts(instrument: tm.Instrument, language: str) -> Iterator[str]:
    construct = instrument.measured_construct
    facts = {"Id": f"{instrument.id}, version {instrument.version}"}
    if construct is not None:
        named = ": ".join(filter(None, [construct.name, construct.definition]))
        facts["Construct"] = named + _source(construct.source)
    facts["Level"] = instrument.level
    if instrument.referents:
        facts["Rated"] = "; ".join(text_in(text, language) for text in instrument.referents)
    known = "no evidence is stored" if instrument.text == "none" else "no data show yet how it does"
    facts["Status"] = instrument.status + (f": {known}" if not instrument.evidence else "")
    if instrument.text == "none":
        facts["Wording"] = "not included: structure only"
    if instrument.languages:
        facts["Languages"] = ", ".join(_language(instrument, tag) for tag in instrument.languages)
    facts["Licence"] = "; ".join(filter(None, [instrument.licence, instrument.licence_status]))
    if instrument.contact:
        facts["Contact"] = instrument.contact
    for name, fact in facts.items():
        yield from _wrapped(fact, f"{name:<11}", hang=11)
    translation = instrument.translations.get(language)
    if translation is not None and translation.status == "unreviewed":
        note = f" {translation.note}" if translation.note else ""
        yield from _wrapped(
            f"The wording in '{language}' is an unreviewed translation.{note}", "Caution    ", 11
        )


def _language(instrument: tm.Instrument, tag: str) -> str:
    known = instrument.translations.get(tag)
    return f"{tag} ({known.status} translation)" if known else tag


def _source(source: str | None) -> str:
    return f" Source: {source}" if source else ""


def _forms(instrument: tm.Instrument, language: str) -> Iterator[str]:
    for form in instrument.forms:
        count = sum(item.form == form.id for item in instrument.items)
        rated = "; ".join(text_in(text, language) for text in form.referents)
        parts = [f"{text_in(form.title, language) or form.id}, {count} items", form.respondent]
        parts.append(f"Rated: {rated}" if rated else None)
        yield from _wrapped(". ".join(filter(None, parts)), f"  {form.id}  ", hang=4)


def _facets(instrument: tm.Instrument, language: str) -> Iterator[str]:
    domain = None
    for facet in instrument.facets:
        if facet.domain != domain:
            domain = facet.domain
            yield f"  [{domain}]" if domain else ""
        title, definition = text_in(facet.title, language), text_in(facet.definition, language)
        named = ": ".join(filter(None, [title, definition])) + _source(facet.source)
        yield from _wrapped(named, f"  {facet.id}  ", hang=4)
        for code, text in sorted(facet.anchors.items()):
            yield from _wrapped(text_in(text, language), f"      {code} ", hang=8)


def _response_sets(instrument: tm.Instrument, language: str, referent: str | None) -> Iterator[str]:
    used = {item.response_set for item in instrument.items}
    for answers in instrument.response_sets:
        offered = "" if answers.id in used else " (offered instead)"
        stem = instrument.stem(answers.id, language=language, referent=referent)
        labels = answers_in_words(answers, language)
        yield from _wrapped(f"{labels}{offered}", f"  {answers.id}  ", hang=4)
        if stem:
            yield from _wrapped(f"“{stem}”", "    ")


def _items(instrument: tm.Instrument, book: pd.DataFrame, language: str) -> Iterator[str]:
    if not len(book):
        yield "  none"
        return
    wide = max(len(str(name)) for name in book.index)
    several_sets = len(set(book["response_set"])) > 1
    for heading, ids in _groups(instrument, language):
        if heading:
            yield f"  {heading}"
        for name in ids:
            item = instrument.item(name)
            row = book.loc[name]
            mark = "R" if item.reverse else "M" if item.score_map is not None else " "
            mark += " " if item.confirmed else "?"
            text = str(row["text"])
            if several_sets:
                text = f"{text} [{row['response_set']}]".strip()
            yield from _wrapped(text, f"    {name:<{wide}} {mark}  ", hang=wide + 9)
    yield from _marks(instrument, book)


def _marks(instrument: tm.Instrument, book: pd.DataFrame) -> Iterator[str]:
    """Explain the marks beside the items."""
    ways: dict[str, list[str]] = {}
    for name, keying in book["keying"].items():
        how = str(keying).removesuffix(" (unconfirmed)")
        if how not in ("as answered", "not scored"):
            ways.setdefault(how, []).append(str(name))
    for how, names in ways.items():
        letter = "R" if how.startswith("reversed") else "M"
        yield from _wrapped(f"{how} ({', '.join(names)})", f"  {letter} = ", hang=6)
    unsure = [item.id for item in instrument.items if not item.confirmed]
    if unsure:
        yield from _wrapped(
            "keying could not be verified; scoring asks for confirmation", "  ? = ", hang=6
        )


def _groups(instrument: tm.Instrument, language: str) -> list[tuple[str, list[str]]]:
    """Sort the items by form and facet, in the order in which these are declared."""
    titles = {("form", f.id): text_in(f.title, language) or f.id for f in instrument.forms}
    titles |= {("facet", f.id): text_in(f.title, language) or f.id for f in instrument.facets}
    several = len({item.form for item in instrument.items}) > 1
    groups: dict[str, list[str]] = {}
    order = {name: place for place, name in enumerate(titles)}
    for item in sorted(
        instrument.items,
        key=lambda i: (
            order.get(("form", str(i.form)), -1),
            order.get(("facet", str(i.facet)), len(order)),
        ),
    ):
        parts = [titles.get(("form", item.form), item.form)] if several and item.form else []
        parts += [titles.get(("facet", item.facet), item.facet)] if item.facet else []
        groups.setdefault(" · ".join(map(str, parts)), []).append(item.id)
    if max(map(len, groups.values())) == 1:  # a heading for each item says it twice
        return [("", [name for names in groups.values() for name in names])]
    return list(groups.items())


def _scales(instrument: tm.Instrument, language: str) -> Iterator[str]:
    for scale in instrument.scales:
        facts = [text_in(scale.title, language) or scale.id, scale.method]
        if scale.items:
            facts.append(f"at least {scale.least_answers} of {len(scale.items)} answers")
        if not scale.confirmed:
            facts.append("membership unconfirmed")
        yield from _wrapped(", ".join(facts), f"  {scale.id}  ", hang=4)
        yield from _wrapped(", ".join(scale.items) or "its items are not known", "    ")


def _evidence(instrument: tm.Instrument) -> Iterator[str]:
    for entry in instrument.evidence:
        about = [f"{entry.statistic} {entry.value:g}", entry.scale]
        about += [f"n = {entry.n:,}" if entry.n else None, entry.population]
        doubt = "" if entry.confirmed else " (unconfirmed)"
        yield from _wrapped(f"{', '.join(filter(None, about))}; {entry.source}{doubt}", "  ")


# -- lines -----------------------------------------------------------------------------------


def _section(title: str) -> None:
    typer.echo("")
    typer.echo(typer.style(title, bold=True))


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _wrapped(text: str, first: str, hang: int | None = None) -> list[str]:
    """Break a text into lines that begin below its first word."""
    indent = " " * (len(first) if hang is None else hang)
    # A code and its label stay on one line as far as the first word.
    tied = " ".join(text.split()).replace(" = ", "\u00a0=\u00a0")
    lines = textwrap.wrap(
        tied,
        width=WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\u00a0", " ") for line in lines] or [first.rstrip()]
