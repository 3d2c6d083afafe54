"""Which column of an export holds which item.

In this order: an explicit map, the item's id, an alias or the platform's ImportId, the id as
platforms write it, the wording, and the tag of a numbered matrix. A column that is taken is
out of the running for the rules that follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from trustmeasure._checks import listed, near
from trustmeasure.errors import DataError
from trustmeasure.instruments import Instrument
from trustmeasure.platforms.layout import Column
from trustmeasure.platforms.wording import bare, item_wordings, statements
from trustmeasure.responses import LogEntry

Finder = Callable[[str, Sequence[Column]], list[Column]]


def find_column(columns: Sequence[Column], wanted: object, argument: str) -> Column:
    """Find the column that an argument names: by heading, ImportId or wording."""
    if not isinstance(wanted, str):
        raise DataError(f"{argument} names the column {wanted!r}; expected its heading as text.")
    key = wanted.strip()
    for attribute in ("name", "import_id", "role"):
        found = [c for c in columns if key and getattr(c, attribute) == key]
        if len(found) == 1:
            return found[0]
    found = [c for c in columns if bare(key) and bare(c.text) == bare(key)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise DataError(
            f"{argument} names '{wanted}', which is the wording of {len(found)} columns: "
            f"{listed(c.name for c in found)}. Use one of these names."
        )
    names = [c.name for c in columns]
    # A survey's own question is called Q6 and asks "Which team …?": its wording has the word.
    within = [c.name for c in columns if bare(key) and bare(key) in bare(c.text)]
    asking = f" It is in the wording of {listed(within, 6)}." if within else ""
    # What the platform adds to every export is seldom meant, and comes first in it.
    ordered = [c.name for c in columns if not c.role] + [c.name for c in columns if c.role]
    raise DataError(
        f"{argument} names the column '{wanted}', which the data do not have."
        + (near(wanted, names) or asking or near(wanted, (c.text for c in columns if c.text)))
        + f" Columns: {listed(ordered, 40)}."
    )


def match_columns(
    columns: Sequence[Column],
    instrument: Instrument,
    explicit: Mapping[str, str] | None,
    *,
    taken: Iterable[Column] = (),
    language: str | None = None,
    platform: str = "table",
    hint: str = "",
) -> tuple[dict[str, Column], list[LogEntry]]:
    """Find a column for every item, or raise an error that lists all without one."""
    matched = explicit_columns(columns, explicit, instrument.item_ids)
    log = [LogEntry("matched by columns=", len(matched))] if matched else []
    excluded = {id(c) for c in taken}
    candidates = [c for c in columns if c.kind == "answer" and id(c) not in excluded]
    for rule, finder in _rules(instrument, language, platform):
        used = {id(c) for c in matched.values()}
        free = [c for c in candidates if id(c) not in used]
        found = {
            item: hits
            for item in instrument.item_ids
            if item not in matched and (hits := finder(item, free))
        }
        _refuse_ambiguous(found, rule)
        matched.update({item: hits[0] for item, hits in found.items()})
        if found:
            log.append(LogEntry(f"matched by {rule}", len(found)))
    missing = [item for item in instrument.item_ids if item not in matched]
    if missing:
        _refuse_missing(missing, matched, columns, candidates, instrument, hint)
    return {item: matched[item] for item in instrument.item_ids}, log


def explicit_columns(
    columns: Sequence[Column], explicit: Mapping[str, str] | None, items: Sequence[str] | None
) -> dict[str, Column]:
    """Look up the columns that the user named, item by item."""
    if explicit is None:
        return {}
    if not isinstance(explicit, Mapping):
        raise DataError(
            f"columns= is a {type(explicit).__name__}; expected a mapping from item id to column, "
            "such as columns={'ps01': 'Q12_1'}."
        )
    if items is not None:
        _refuse_unknown_items(columns, explicit, items)
    found = {
        str(item): find_column(columns, column, f"columns= for item '{item}'")
        for item, column in explicit.items()
    }
    owners: dict[int, list[str]] = {}
    for item, column in found.items():
        owners.setdefault(id(column), []).append(item)
    shared = [
        f"'{found[own[0]].name}' for {listed(own)}" for own in owners.values() if len(own) > 1
    ]
    if shared:
        raise DataError(f"columns= gives one column to several items: {'; '.join(shared)}.")
    return found


def _refuse_unknown_items(
    columns: Sequence[Column], explicit: Mapping[str, str], items: Sequence[str]
) -> None:
    unknown = [item for item in explicit if item not in items]
    if not unknown:
        return
    values: list[Any] = [explicit[item] for item in unknown]
    if all(value in items for value in values):
        raise DataError(
            f"columns= is the wrong way round: it maps {listed(unknown)} to the item(s) "
            f"{listed(values)}. Map each item id to its column: "
            f"columns={{'{values[0]}': '{unknown[0]}'}}."
        )
    raise DataError(
        f"columns= names item(s) {listed(unknown)}, which the instrument does not have. It has: "
        f"{listed(items, 30)}." + near(unknown[0], items)
    )


def _rules(instrument: Instrument, language: str | None, platform: str) -> list[tuple[str, Finder]]:
    """Give the rules in their order, each with its name for the log."""
    aliases: dict[str, set[str]] = {}
    for alias, item in instrument.aliases.items():
        aliases.setdefault(item, set()).add(alias)
    wordings = {item: item_wordings(instrument, item, language) for item in instrument.item_ids}

    # Where headings hold more than the name of a question, import_id is the name alone.
    inner = platform in {"limesurvey", "xlsform"}

    def by_id(item: str, free: Sequence[Column]) -> list[Column]:
        return [c for c in free if c.name == item or (inner and c.import_id == item)]

    def by_id_in_other_case(item: str, free: Sequence[Column]) -> list[Column]:
        key = item.casefold()
        return [
            c for c in free if c.name.casefold() == key or (inner and c.import_id.casefold() == key)
        ]

    def by_alias(item: str, free: Sequence[Column]) -> list[Column]:
        names = aliases.get(item, set())
        return [c for c in free if c.name in names or (c.import_id and c.import_id in names)]

    def by_import_id(item: str, free: Sequence[Column]) -> list[Column]:
        return [c for c in free if platform == "qualtrics" and c.import_id == item]

    def by_id_as_written(item: str, free: Sequence[Column]) -> list[Column]:
        return [c for c in free if _is_written(item, c, platform)]

    def by_wording(item: str, free: Sequence[Column]) -> list[Column]:
        exact, _ = wordings[item]
        return [c for c in free if exact and bare(c.text) in exact]

    def by_statement(item: str, free: Sequence[Column]) -> list[Column]:
        exact, _ = wordings[item]
        return [c for c in free if exact and exact.intersection(statements(c.text))]

    def by_wording_with_another_referent(item: str, free: Sequence[Column]) -> list[Column]:
        _, patterns = wordings[item]
        if not patterns:
            return []
        return [
            c
            for c in free
            if any(p.fullmatch(t) for p in patterns for t in (bare(c.text), *statements(c.text)))
        ]

    def by_tag_and_number(item: str, free: Sequence[Column]) -> list[Column]:
        if platform != "qualtrics":
            return []
        return [c for c in free if _is_tagged(item, c)]

    return [
        ("id", by_id),
        ("id in other case", by_id_in_other_case),
        ("alias", by_alias),
        ("ImportId", by_import_id),
        ("id as the platform writes it", by_id_as_written),
        ("wording", by_wording),
        ("statement of a matrix", by_statement),
        ("wording with another referent", by_wording_with_another_referent),
        ("tag and number of a matrix", by_tag_and_number),
    ]


# Punctuation does not count, but Q1_1 and Q11 are two questions.
_BETWEEN = re.compile(r"(?<=\d)[\W_]+(?=\d)|[\W_]+")
_SUBQUESTION = re.compile(r"\w+\[(\w+)\]")
_COUNTED = re.compile(r"(.*\D)0*(\d+)(\D*)")


def _written(name: str) -> str:
    return _BETWEEN.sub(
        lambda gap: (
            "_"
            if name[gap.start() - 1 : gap.start()].isdigit()
            and name[gap.end() : gap.end() + 1].isdigit()
            else ""
        ),
        name,
    ).casefold()


def _is_written(item: str, column: Column, platform: str) -> bool:
    """Tell an id by its letters and digits alone: PS_01 as ps_01, group/ps01, code[ps01]."""
    wanted = _written(item)
    # Qualtrics numbers statements by their place, so there the wording comes first.
    if not wanted or (platform == "qualtrics" and re.search(r"_\d+$", column.name)):
        return False
    names = {column.name, column.name.rpartition("/")[2]}
    sub = _SUBQUESTION.fullmatch(column.name)
    if sub:
        names.add(sub.group(1))
    if platform != "table" and column.import_id:
        names.add(column.import_id)
    if any(_written(name) == wanted for name in names):
        return True
    # Codes of LimeSurvey are letters and digits only.
    return platform == "limesurvey" and column.import_id.casefold() == wanted.replace("_", "")


def counted(item: str) -> tuple[str, int]:
    """Take an id apart into what its run of items shares and the number: pt01_s is pt_s, 1."""
    match = _COUNTED.fullmatch(item)
    if match is None:
        return item, 0
    prefix, number, suffix = match.groups()
    return prefix + suffix, int(number)


def _is_tagged(item: str, column: Column) -> bool:
    """Tell ps01 by the first column of Qualtrics' matrix ps, and ps08 by that of ps_from_8."""
    shared, number = counted(item)
    found = re.fullmatch(r"(.+?)(?:_from_(\d+))?_([1-9]\d*)", column.name)
    return (
        number > 0
        and found is not None
        and _written(shared) == _written(found.group(1))
        and number == int(found.group(2) or 1) + int(found.group(3)) - 1
    )


def _refuse_ambiguous(found: Mapping[str, Sequence[Column]], rule: str) -> None:
    """Refuse two columns for an item, or two items for a column, under the same rule."""
    problems = [
        f"item '{item}' fits the columns {listed(c.name for c in hits)}"
        for item, hits in found.items()
        if len(hits) > 1
    ]
    owners: dict[int, list[str]] = {}
    for item, hits in found.items():
        if len(hits) == 1:
            owners.setdefault(id(hits[0]), []).append(item)
    names = {id(c): c.name for hits in found.values() for c in hits}
    problems += [
        f"column '{names[key]}' fits the items {listed(items)}"
        for key, items in owners.items()
        if len(items) > 1
    ]
    if problems:
        raise DataError(
            f"Columns cannot be told apart by {rule}: {'; '.join(problems[:12])}. Say which is "
            "meant with columns={item id: column}."
        )


def _refuse_missing(
    missing: Sequence[str],
    matched: Mapping[str, Column],
    columns: Sequence[Column],
    candidates: Sequence[Column],
    instrument: Instrument,
    hint: str,
) -> None:
    used = {id(c) for c in matched.values()}
    free = [c for c in candidates if id(c) not in used]
    names = [c.name for c in free]
    lines = []
    for item in missing[:30]:
        left_out = next((c for c in columns if c.name == item and c.kind != "answer"), None)
        if left_out is not None:
            lines.append(f"'{item}' (the column of that name holds {left_out.kind})")
            continue
        close = near(item, names) or _near_wording(item, free, instrument)
        lines.append(f"'{item}'" + (f" ({close.strip()})" if close else ""))
    rest = f" and {len(missing) - 30} more" if len(missing) > 30 else ""
    raise DataError(
        f"{len(missing)} of {len(instrument.items)} items of instrument '{instrument.id}' have no "
        f"column: {', '.join(lines)}{rest}. "
        + (f"Columns that are free: {listed(names, 30)}. " if names else "No column is left. ")
        + f"Name the columns with columns={{'{missing[0]}': '...'}}, or, where items were not "
        "asked, read with instrument.subset([...])." + hint
    )


def _near_wording(item: str, free: Sequence[Column], instrument: Instrument) -> str:
    """Suggest columns whose question resembles the item's."""
    wording = bare(instrument.item_text(item))
    if not wording:
        return ""
    by_text: dict[str, str] = {}
    for column in free:
        for text in (bare(column.text), *statements(column.text)):
            if text:
                by_text.setdefault(text, column.name)
    import difflib

    close = difflib.get_close_matches(wording, list(by_text), n=2, cutoff=0.7)
    if not close:
        return ""
    names = dict.fromkeys(by_text[text] for text in close)
    return f"Similar wording: {listed(names)}."
