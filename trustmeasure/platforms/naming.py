"""What platforms allow: names of items, and texts that they would not take for commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from trustmeasure._checks import listed
from trustmeasure.errors import InstrumentError
from trustmeasure.platforms.questionnaire import Questionnaire


def platform_names(
    laid: Questionnaire,
    make: Callable[[str], str],
    *,
    allowed: str,
    what: str,
    reserved: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """Name every item as the platform allows, or refuse ids that it could not tell apart."""
    names = {item.id: make(item.id) for item in laid.statements}
    # Whoever reads the answers compares letters and digits, so all of them must survive.
    wrong = [
        item
        for item, name in names.items()
        if not re.fullmatch(allowed, name) or _bare(name) != _bare(item)
    ]
    if wrong:
        raise InstrumentError(
            f"Item id(s) {listed(wrong)} cannot be written as {what}. Rename the items."
        )
    taken = [item for item, name in names.items() if name in reserved]
    if taken:
        raise InstrumentError(
            f"Item id(s) {listed(taken)} have a name that the platform uses itself. Rename them."
        )
    _refuse_shared(names, what)
    return names


def _refuse_shared(names: Mapping[str, str], what: str) -> None:
    """Refuse items that would have one name, or changed names that read as one."""
    owners: dict[str, list[str]] = {}
    for item, name in names.items():
        owners.setdefault(name.casefold(), []).append(item)
    alike: dict[str, list[str]] = {}
    for item, name in names.items():
        if name.casefold() != item.casefold():
            alike.setdefault(_bare(name), []).append(item)
    shared = [*owners.values(), *alike.values()]
    found = dict.fromkeys(listed(items) for items in shared if len(items) > 1)
    if found:
        raise InstrumentError(
            f"Items would share a name as {what}: {'; '.join(found)}. Rename one of each."
        )


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def refuse_fragments(laid: Questionnaire, fragments: Mapping[str, str], platform: str) -> None:
    """Refuse texts that the platform would take for commands."""
    for place, text in laid.texts():
        for fragment, meaning in fragments.items():
            if fragment in text:
                raise InstrumentError(
                    f"'{fragment}' in {place} would be taken by {platform} for {meaning}. "
                    "Word it without."
                )


def slug(text: str, *, between: str = "_") -> str:
    """Keep letters and digits of ASCII; one mark stands for whatever was between them."""
    made = re.sub(r"[^A-Za-z0-9]+", between, text)
    return made.strip(between) if between else made
