"""A page an instrument, written from the instrument files themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import trustmeasure as tm
from trustmeasure.instruments.codebook import keying_in_words
from trustmeasure.instruments.models import Form, Item, ResponseSet, Scale, text_in
from trustmeasure.tables.text import escape_markdown

# Tables of items need the room beside the text.
WIDE = ["---", "html_theme.sidebar_secondary.remove: true", "---", ""]
LANGUAGES = {"en": "English", "es": "Español"}


def make() -> dict[str, str]:
    """Write all pages and their index in Markdown, by name."""
    known = [tm.load_instrument(name) for name in tm.list_instruments().index]
    pages = {instrument.id: _page(instrument) for instrument in known}
    pages["index"] = _index(known)
    return pages


# -- the index -------------------------------------------------------------------------------


def _index(known: list[tm.Instrument]) -> str:
    banks = [i for i in known if i.text == "included"]
    structures = [i for i in known if i.text == "none"]
    lines = [
        *WIDE,
        "# Instruments",
        "",
        "What there is to measure with. Each page is written from the instrument's file, and shows "
        "items, answers, keying, scales, evidence, and what could not be verified. "
        "`trustmeasure instruments show ID` prints the same.",
        "",
        ":::{card} Nothing fits?",
        ":link: writing",
        ":link-type: doc",
        "Write your own instrument: from an empty file to one that validates, is fielded and is "
        "scored.",
        ":::",
        "",
        "## Item banks of the project",
        "",
        "Wording included, in English and in an unreviewed Spanish translation, under CC BY 4.0: "
        "use, translate and change it. All of them are **unvalidated** until data say otherwise. "
        "They hold more items than a final scale needs.",
        "",
        *_table(
            ["Instrument", "Measures", "Who or what is rated", "Items", "Scales"],
            [
                [_link(i), _construct(i), i.level, str(len(i.items)), str(len(i.scales))]
                for i in banks
            ],
        ),
        "",
        "## Published structures",
        "",
        "Scales that belong to their authors: how many items, how they are keyed, answered and "
        "scored, and what has been published about them, **without the wording**. If you may use "
        "the wording, attach it with `with_text()`. A fact that could not be verified in the "
        "source is marked, and scoring asks before it relies on one.",
        "",
        *_table(
            ["Instrument", "Measures", "Items", "Scales", "Answers", "Keying and scales"],
            [
                [
                    _link(i),
                    _construct(i),
                    str(len(i.items) or "–"),
                    str(len(i.scales)) if i.unscored is None else "not scored",
                    _ranges(i),
                    _certainty(i),
                ]
                for i in structures
            ],
        ),
        "",
        "```{toctree}",
        ":hidden:",
        "",
        "writing",
        *(f"{_short(i)} <{i.id}>" for i in banks),
        *(f"{i.id} <{i.id}>" for i in structures),
        "```",
        "",
    ]
    return "\n".join(lines)


def _link(instrument: tm.Instrument) -> str:
    return f"[{_md(_short(instrument))}]({instrument.id}.md)"


def _short(instrument: tm.Instrument) -> str:
    """Leave out of the title what every bank has in it; name the authors of published scales."""
    name = instrument.name.replace(" Item Bank", "").strip()
    citation = instrument.citation
    if instrument.text == "included" or citation is None or not citation.authors:
        return name
    people = [author.split(",")[0] for author in citation.authors if "," in author]
    if not people:  # an organisation
        return name
    who = f"{people[0]} et al." if len(people) > 2 else " & ".join(people)
    return f"{name} ({who}, {citation.year or 'n.d.'})"


def _construct(instrument: tm.Instrument) -> str:
    construct = instrument.measured_construct
    return _md(construct.name) if construct else ""


def _ranges(instrument: tm.Instrument) -> str:
    return ", ".join(
        f"{answers.min}–{answers.max}{'' if answers.range_confirmed else ' ?'}"
        for answers in instrument.response_sets
    )


def _certainty(instrument: tm.Instrument) -> str:
    if instrument.unscored is not None:
        return "–"
    parts = [
        "keying" if any(not item.confirmed for item in instrument.items) else "",
        "scales" if any(not scale.confirmed for scale in instrument.scales) else "",
    ]
    unsure = " and ".join(filter(None, parts))
    return f"{unsure} unconfirmed" if unsure else "confirmed"


# -- one page --------------------------------------------------------------------------------


def _page(instrument: tm.Instrument) -> str:
    lines = [*WIDE, f"# {_md(instrument.name)}", "", _badges(instrument), ""]
    construct = instrument.measured_construct
    if construct is not None:
        lines += [f"**{_md(_capital(construct.name))}.** {_md(construct.definition)}"]
        lines += [f"Source: {_md(construct.source)}." if construct.source else "", ""]
    lines += _caution(instrument)
    lines += ["## How to use it", "", *_usage(instrument), ""]
    if instrument.scales:
        lines += ["## Scales", "", *_scales(instrument), ""]
    if any(item.facet for item in instrument.items) and instrument.text == "included":
        lines += ["## Content", "", *_coverage(instrument), ""]
    if instrument.items:
        lines += ["## Items", "", *_items(instrument), ""]
    if instrument.response_sets:
        lines += ["## Response sets", ""]
        for answers in instrument.response_sets:
            lines += _response_set(instrument, answers)
    if instrument.evidence:
        lines += ["## Evidence", "", *_evidence(instrument), ""]
    unsure = [p for p in tm.validate_instrument(instrument).warnings if p.rule == "unconfirmed"]
    if unsure:
        lines += ["## What could not be verified", ""]
        lines += [*(f"- {_md(_capital(problem.message))}" for problem in unsure), ""]
    if instrument.notes:
        lines += ["## Notes", ""]
        for paragraph in instrument.notes.strip().split("\n\n"):
            lines += [_md(paragraph), ""]
    if instrument.citation is not None:
        lines += ["## Cite as", "", _md(instrument.cite()), ""]
        lines += [":::{dropdown} BibTeX", "```bibtex", instrument.cite("bibtex"), "```", ":::", ""]
    return "\n".join(lines)


def _badges(instrument: tm.Instrument) -> str:
    colour = {"unvalidated": "warning", "piloted": "info", "validated": "success"}
    badges = [f"{{bdg-{colour[instrument.status]}}}`{instrument.status}`"]
    if instrument.text == "none":
        badges.append("{bdg-secondary}`structure only`")
    if instrument.unscored is not None:
        badges.append("{bdg-danger}`not scored`")
    if instrument.licence_required:
        badges.append("{bdg-danger}`licence required`")
    badges += [
        f"{{bdg-light}}`{text}`"
        for text in (
            instrument.licence if instrument.text == "included" else "",
            f"rated: {instrument.level}",
            f"{len(instrument.items)} items" if instrument.items else "",
            f"version {instrument.version}",
        )
        if text
    ]
    return " ".join([f"`{instrument.id}`", *badges])


def _caution(instrument: tm.Instrument) -> list[str]:
    if instrument.unscored is not None:
        return [
            ":::{admonition} Not scored",
            ":class: warning",
            f"No score is computed. {_md(instrument.unscored)}",
            ":::",
            "",
        ]
    if instrument.text == "none":
        terms = " ".join(filter(None, [instrument.licence_status]))
        contact = (
            f" Contact: <{instrument.contact}>."
            if _is_url(instrument.contact)
            else (f" Contact: {_md(instrument.contact)}." if instrument.contact else "")
        )
        return [
            ":::{note}",
            f"Licence: {_md(instrument.licence)}. {_md(terms)}{contact}",
            ":::",
            "",
        ]
    unreviewed = [t for t, found in instrument.translations.items() if found.status != "reviewed"]
    notes = ["No data show yet how well these items measure: report them as unvalidated."]
    if unreviewed:
        names = ", ".join(LANGUAGES.get(tag, tag) for tag in unreviewed)
        notes.append(f"The translation ({names}) has not been reviewed.")
    return [":::{admonition} Unvalidated", ":class: warning", " ".join(notes), ":::", ""]


def _is_url(text: str | None) -> bool:
    return bool(text) and str(text).startswith("http") and " " not in str(text)


def _usage(instrument: tm.Instrument) -> list[str]:
    code = ["```python", "import trustmeasure as tm", ""]
    if instrument.unscored is not None:
        code += [f'tm.load_instrument("{instrument.id}").to_codebook()', "```"]
        return code
    name = f'"{instrument.id}"'
    code += [f"instrument = tm.load_instrument({name})"]
    if instrument.text == "none":
        licensed = ", licensed=True" if instrument.licence_required else ""
        code += [
            f'instrument = instrument.with_text("my_items.csv"{licensed})  # wording you may use'
        ]
        extra = "\n                     include_text=True"
    else:
        extra = ""
    call = 'tm.export_instrument(instrument, "survey.txt", platform="qualtrics"'
    code += [
        f"{call},{extra})" if extra else f"{call})",
        'scores = tm.score(tm.read_responses("export.csv", instrument))',
        "```",
    ]
    forms = [form.id for form in instrument.forms]
    if forms:
        code += ["", f'To ask one form only: `instrument.form("{forms[0]}")`.']
    used = {item.response_set for item in instrument.items}
    offered = [answers.id for answers in instrument.response_sets if answers.id not in used]
    if offered:
        code += ["", f'On other answers: `instrument.with_response_set("{offered[0]}")`.']
    if any(not item.confirmed for item in instrument.items):
        code += [
            "",
            "Its keying could not be verified. Check it, then score with `confirm_keying=True`, or "
            "supply your own: `instrument.with_key(reverse=[...])`.",
        ]
    if any(not scale.confirmed for scale in instrument.scales):
        code += [
            "",
            "Which items belong to which scale could not be verified. Supply the key: "
            "`instrument.with_key(scales={...})`.",
        ]
    return code


def _scales(instrument: tm.Instrument) -> list[str]:
    return _table(
        ["Scale", "Id", "Items", "Score", "Least answers"],
        [
            [
                _md(text_in(scale.title) or scale.id)
                + ("" if scale.confirmed else " (unconfirmed)"),
                f"`{scale.id}`",
                _ids(scale) if scale.items else "not known",
                scale.method,
                f"{scale.least_answers} of {len(scale.items)}" if scale.items else "–",
            ]
            for scale in instrument.scales
        ],
    )


def _ids(scale: Scale) -> str:
    """Name the items of a scale; numbers that follow each other as a range."""
    runs: list[list[str]] = []
    for name in scale.items:
        if runs and _follows(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    return ", ".join(
        ", ".join(map(_md, run)) if len(run) < 3 else f"{_md(run[0])} to {_md(run[-1])}"
        for run in runs
    )


def _follows(before: str, after: str) -> bool:
    """Whether ts05_often comes right after ts04_often."""
    parts = [re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", name) for name in (before, after)]
    if not parts[0] or not parts[1]:
        return False
    (head, number, tail), (other_head, other_number, other_tail) = (p.groups() for p in parts)
    return (head, tail) == (other_head, other_tail) and int(other_number) == int(number) + 1


def _coverage(instrument: tm.Instrument) -> list[str]:
    covered = instrument.coverage()
    facets = {facet.id: facet for facet in instrument.facets}
    domains = any(facet.domain for facet in instrument.facets)
    rows = []
    for name in covered.index:
        facet = facets.get(name)
        items = [instrument.item(i) for i in covered.columns[covered.loc[name]]]
        row = [_md(facet.domain or "")] if domains and facet else [""] if domains else []
        row += [
            _md(text_in(facet.title) or name) if facet else _md(name),
            _md(text_in(facet.definition)) if facet else "",
            ", ".join(_md(i.id) + (" (R)" if i.reverse else "") for i in items),
        ]
        rows.append(row)
    head = ["Domain"] * domains + ["Facet", "Meaning", "Items"]
    return [
        "Which item stands for which facet; (R) marks reversed ones.",
        "",
        *_table(head, rows, kind="coverage"),
    ]


# -- items -----------------------------------------------------------------------------------


def _items(instrument: tm.Instrument) -> list[str]:
    languages = instrument.languages
    if not languages:
        return _structure(instrument)
    if len(languages) == 1:
        return _wordings(instrument, languages[0])
    lines = ["::::::{tab-set}"]
    for tag in languages:
        lines += [f":::::{{tab-item}} {LANGUAGES.get(tag, tag)}", f":sync: {tag}", ""]
        lines += [*_wordings(instrument, tag), ":::::"]
    return [*lines, "::::::"]


def _structure(instrument: tm.Instrument) -> list[str]:
    """Show the items of an instrument that ships without wording."""
    sets = {answers.id: answers for answers in instrument.response_sets}
    rows = []
    for item in instrument.items:
        scales = ", ".join(s.id for s in instrument.scales if item.id in s.items)
        rows.append(
            [
                f"`{item.id}`",
                _md(keying_in_words(item, sets.get(item.response_set))),
                _md(item.form or ""),
                _md(scales),
            ]
        )
    several = any(item.form for item in instrument.items)
    head = ["Item", "Keying", "Form", "Scales"]
    if not several:
        head.pop(2)
        rows = [[*row[:2], row[3]] for row in rows]
    return _table(head, rows)


def _wordings(instrument: tm.Instrument, tag: str) -> list[str]:
    lines = []
    translation = instrument.translations.get(tag)
    if translation is not None:
        lines += [
            f"*{translation.status.capitalize()} translation.* {_md(translation.note or '')}",
            "",
        ]
    instruction = instrument.instruction(language=tag)
    if instruction:
        lines += [f"> {_md(instruction)}", ""]
    if instrument.referents:
        rated = " · ".join(_md(text_in(text, tag)) for text in instrument.referents)
        lines += [f"Rated (`{{referent}}`), the first being shown: {rated}.", ""]
    for form, items in _by_form(instrument):
        if form is not None:
            lines += _form(form, tag)
        for answers, facet, group in _groups(instrument, items):
            stem = instrument.stem(answers.id, language=tag, form=form.id if form else None)
            lines += _group(instrument, tag, facet, stem, group)
    return lines


def _by_form(instrument: tm.Instrument) -> list[tuple[Form | None, list[Item]]]:
    forms: list[Form | None] = [*instrument.forms]
    if any(item.form is None for item in instrument.items):
        forms.insert(0, None)
    return [
        (form, [i for i in instrument.items if i.form == (form.id if form else None)])
        for form in forms
    ]


def _form(form: Form, tag: str) -> list[str]:
    lines = [f":::{{rubric}} {_md(text_in(form.title, tag) or form.id)}", ":class: form", ":::", ""]
    if form.respondent:
        lines += [f"Answered by: {_md(form.respondent)}.", ""]
    if form.referents:
        rated = " · ".join(_md(text_in(text, tag)) for text in form.referents)
        lines += [f"Rated: {rated}.", ""]
    return lines


def _groups(
    instrument: tm.Instrument, items: list[Item]
) -> list[tuple[ResponseSet, str | None, list[Item]]]:
    """Sort items by facet, and by response set where a facet has several."""
    sets = {answers.id: answers for answers in instrument.response_sets}
    groups: dict[tuple[str | None, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.facet, item.response_set), []).append(item)
    return [(sets[answers], facet, group) for (facet, answers), group in groups.items()]


def _group(
    instrument: tm.Instrument, tag: str, facet_id: str | None, stem: str, items: list[Item]
) -> list[str]:
    facet = next((f for f in instrument.facets if f.id == facet_id), None)
    lines = []
    if facet_id is not None:
        title = (text_in(facet.title, tag) if facet else "") or facet_id
        lines += [f":::{{rubric}} {_md(title)}", ":::", ""]
    if facet is not None and facet.anchors:
        stages = [f"{code}: {_md(text_in(t, tag))}" for code, t in sorted(facet.anchors.items())]
        lines += [*(f"- {stage}" for stage in stages), ""]
    if stem:
        lines += [f"*{_md(stem)}*", ""]
    sets = {answers.id: answers for answers in instrument.response_sets}
    # Where every answer counts as it is given, a column that says so is idle.
    keyed = any(item.reverse or item.score_map or not item.confirmed for item in instrument.items)
    rows = []
    for item in items:
        source = f"*{_md(item.source)}*" if item.source else ""
        row = [f"`{item.id}`", _md(instrument.item_text(item.id, language=tag))]
        row += [_keying(item, sets[item.response_set])] if keyed else []
        rows.append([*row, " ".join(filter(None, [_md(item.rationale or ""), source]))])
    head = ["Item", "Wording", *(["Keying"] if keyed else []), "Why it is asked"]
    return [*lines, *_table(head, rows, kind="items keyed" if keyed else "items"), ""]


def _keying(item: Item, answers: ResponseSet) -> str:
    said = keying_in_words(item, answers)
    return "" if said == "as answered" else _md(said)


def _response_set(instrument: tm.Instrument, answers: ResponseSet) -> list[str]:
    used = {item.response_set for item in instrument.items}
    doubts = [] if answers.range_confirmed else ["range unconfirmed"]
    doubts += [] if answers.confirmed else ["labels unconfirmed"]
    said = "; ".join([*([] if answers.id in used else ["offered instead"]), *doubts])
    lines = [f"`{answers.id}`, {answers.min} to {answers.max}" + (f" ({said})" if said else ""), ""]
    tags = list(dict.fromkeys(tag for label in answers.labels.values() for tag in label))
    if tags:
        lines += _table(
            ["Code", *(LANGUAGES.get(tag, tag) for tag in tags)],
            [
                [str(code), *(_md(answers.labels.get(code, {}).get(tag, "")) for tag in tags)]
                for code in answers.values
                if code in answers.labels or answers.n_options <= 7
            ],
        )
    return [*lines, ""]


def _evidence(instrument: tm.Instrument) -> list[str]:
    return _table(
        ["Statistic", "Value", "Scale", "n", "Population", "Source", "Certain"],
        [
            [
                _md(entry.statistic),
                f"{entry.value:g}",
                f"`{entry.scale}`" if entry.scale else "",
                f"{entry.n:,}" if entry.n else "",
                _md(entry.population or ""),
                _md(entry.source),
                "yes" if entry.confirmed else "**unconfirmed**",
            ]
            for entry in instrument.evidence
        ],
    )


# -- Markdown --------------------------------------------------------------------------------


def _table(head: list[str], rows: Iterable[Sequence[str]], *, kind: str = "") -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [
        "::::{table}",
        f":class: instrument {kind}".rstrip(),
        "",
        *(f"| {' | '.join(line)} |" for line in lines),
        "::::",
    ]


def _md(text: str) -> str:
    return escape_markdown(" ".join(text.split()))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
