"""What an import tells: the warning, and the notes that are kept with the instrument."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from trustmeasure._checks import listed
from trustmeasure.instruments import Instrument
from trustmeasure.platforms.closed import Missing, Sorted
from trustmeasure.platforms.definitions import Definition, LeftOut
from trustmeasure.platforms.sources import Source

# Labels that most often mean that there is no answer. They are named, never acted upon.
_NO_ANSWER = re.compile(
    r"\bdo(?:n.?t| not) know|\bno (?:answer|opinion|response)\b|\bnot applicable\b|^n\s?/?\s?a$"
    r"|\bprefer not\b|\brather not\b|\bdecline[sd]?\b|\brefused?\b|\bcan.?t (?:choose|say|remember)"
    r"|\bnot reported\b|\bkeine angabe|\bwei(?:ß|ss) (?:ich )?nicht|\bno s[eé]\b|\bno sabe\b"
    r"|\bno contest|\bno aplica\b|\bne sai[ts] pas|\bsans (?:réponse|objet)"
    r"|\bweet (?:ik )?niet|\bniet van toepassing",
    re.IGNORECASE,
)


def remarks(definition: Definition, found: Sorted, missing: Missing) -> Iterator[str]:
    """Give what the user should know besides: no answers, doubtful answers, piped text."""
    yield from definition.remarks
    for choice, names in found.dropped.items():
        yield (
            f"The answer {choice} counts as no answer in {listed(names, 8)}: name it in "
            "read_responses(missing_codes=…) as well, or for single items with "
            "recode={item: {code: None}}."
        )
    idle = missing.idle(definition.questions)
    if idle:
        yield f"No answer has the code or label {listed(idle)} that missing_codes= names."
    yield from _doubtful(found)
    yield from _ambiguous(found)
    piped = [
        question.name
        for question in found.questions
        if definition.piping
        and any(re.search(definition.piping, text) for text in question.text.values())
    ]
    if piped:
        yield (
            f"The wording of {listed(piped, 8)} holds text that the platform fills in for each "
            "person; it was kept as written."
        )


def _doubtful(found: Sorted) -> Iterator[str]:
    """Name the answers that look as if they were none."""
    doubtful: dict[str, list[str]] = {}
    for question, answers in found.kept.values():
        for code, labels in answers.labels:
            label = next((text for _, text in labels if _NO_ANSWER.search(text)), "")
            if label:
                doubtful.setdefault(f"{code} '{label}'", []).append(question.name)
    if doubtful:
        names = list(dict.fromkeys(name for group in doubtful.values() for name in group))
        yield (
            f"{len(names)} item(s) count an answer that may mean none "
            f"({', '.join(list(doubtful)[:4])}): {listed(names, 8)}. If so, import again with "
            "missing_codes= naming its code or label."
        )


def _ambiguous(found: Sorted) -> Iterator[str]:
    """Name the items in which a number is one answer's label and another answer's code."""
    names = []
    for question, answers in found.kept.values():
        codes = {str(code) for code in answers.codes}
        # A label that repeats its own code is gone by now.
        if any(text in codes for _, labels in answers.labels for _, text in labels):
            names.append(question.name)
    if names:
        yield (
            f"In {listed(names, 8)} a number is the label of one answer and the code of another. "
            "Reading will ask which is meant (recode=); better, let codes and labels agree on the "
            "platform."
        )


def notes(
    definition: Definition,
    source: Source,
    remarks: Iterable[str],
    left_out: Sequence[LeftOut],
) -> str:
    """Write what is to be kept with the instrument: doubts, and what was left out and why."""
    lines = [
        f"Imported from the {definition.platform} definition '{source.name}'. Which items are "
        "reverse-keyed cannot be seen in a definition, and which belong to one scale was taken "
        "from the layout; confirm both.",
        *remarks,
    ]
    if left_out:
        lines += [f"Left out ({len(left_out)}):", *(f"- {entry}" for entry in left_out)]
    return "\n".join(lines)


def message(
    instrument: Instrument,
    source: Source,
    remarks: Sequence[str],
    left_out: Sequence[LeftOut],
) -> str:
    """Write the warning."""
    n, scales = len(instrument.items), len(instrument.scales)
    parts = [f"'{source.name}' gave {n} item(s) and {scales} scale(s)."]
    if n:
        parts.append(
            "Reverse keying cannot be seen in a survey definition: no item is marked as reversed, "
            "and none is confirmed, so scoring will ask. Name the reversed items with "
            "instrument.with_key(reverse=[...]), or pass confirm_keying=True if there are none; "
            "trustmeasure.reverse_candidates(responses) suggests some from the answers."
        )
    if left_out:
        kinds = Counter(entry.kind for entry in left_out)
        shown = ", ".join(f"{kind}: {count}" for kind, count in kinds.most_common(6))
        rest = ", …" if len(kinds) > 6 else ""
        parts.append(
            f"{len(left_out)} question(s) were left out ({shown}{rest}); instrument.notes lists "
            "each with the reason."
        )
    return " ".join([*parts, *remarks])
