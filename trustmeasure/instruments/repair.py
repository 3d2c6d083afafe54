"""What can still be made of an instrument that has problems, so that the rest is checked too.

The models name the problems of single keys and stop there. Here each such problem is noted and
mended with the nearest guess, and the models look again, until only the question is left whether
the parts fit each other. No rule of the format stands here: what is wrong, the models say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from trustmeasure.instruments.models import PARTS_ONLY, Instrument
from trustmeasure.instruments.parts import ResponseSet
from trustmeasure.instruments.problems import Path, find_problems, known_keys

_ROUNDS = 12
_DEPTH = 8  # no part of an instrument lies deeper
_SECTIONS = {"response_sets", "items", "scales", "facets", "forms", "evidence"}

# What the checks read of a part itself.
_READ = {
    "id", "min", "max", "labels", "items", "text", "response_set", "method", "facet", "form",
    "pair", "scale",
}  # fmt: skip
# Where else a loss may make something seem wrong; "*" stands for any number or name.
_RANGE_READERS = {("items", "*", "score_map"), ("facets", "*", "anchors"), ("scales", "*")}
_READERS: dict[tuple[str, str], set[tuple[str, ...]]] = {
    ("response_sets", "id"): {("items", "*")},
    ("response_sets", "min"): _RANGE_READERS,
    ("response_sets", "max"): _RANGE_READERS,
    ("items", "id"): {("scales", "*", "items"), ("aliases", "*")},
    ("items", "text"): {("items",), ("referents",), ("translations",), ("translations", "*")},
    ("items", "facet"): {("facets", "*")},
    ("items", "form"): {("forms", "*"), ("items", "*", "pair")},
    ("items", "pair"): {("items", "*", "pair"), ("items",)},
    ("scales", "id"): {("evidence", "*")},
    ("facets", "id"): {("items", "*", "facet")},
    ("forms", "id"): {("items", "*", "form"), ("items", "*", "pair")},
    ("text", ""): {("items", "*")},
    ("unscored", ""): {("response_sets",), ("items",), ("scales",)},
    ("status", ""): {("evidence",)},
    ("evidence", ""): {("status",)},
}


@dataclass
class Draft:
    """Data on their way to an instrument, with all that had to be mended."""

    data: dict[str, Any]
    instrument: Instrument | None = None
    problems: list[tuple[Path, str]] = field(default_factory=list)
    lost: set[Path] = field(default_factory=set)
    renamed: dict[Path, Path] = field(default_factory=dict)

    def original(self, path: Path) -> Path:
        """Give the path as the file has it, where a key was misspelt."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.renamed:
                return self.renamed[path[:length]] + path[length:]
        return path

    def is_doubtful(self, path: Path, rule: str = "") -> bool:
        """Whether a finding here may come from the mending, and not from the file."""
        if rule == "unused-item" and any(loss[0] == "scales" for loss in self.lost):
            return True
        return any(self._concerns(loss, path) or _reaches(loss, path) for loss in self.lost)

    @staticmethod
    def _concerns(loss: Path, path: Path) -> bool:
        """Whether a loss lies in the part that a finding is about."""
        within = loss[: len(path)] == path or path[: len(loss)] == loss
        return within and (len(loss) <= 2 or loss[2] in _READ)

    # -- mending -------------------------------------------------------------------------

    def note(self, error: ValidationError) -> None:
        """Keep the problems that pydantic found, but for those that the mending made."""
        for path, message in find_problems(error, Instrument):
            if path in self.lost or any(self._concerns(loss, path) for loss in self.lost):
                continue
            found = (self.original(path), message)
            if found not in self.problems:
                self.problems.append(found)

    def mend(self, error: ValidationError) -> None:
        """Put a guess in the place of each problem, so that the rest can be looked at."""
        removals: list[tuple[list[Any], int]] = []
        for problem in error.errors(include_url=False):
            path: Path = tuple(problem["loc"])
            if problem["type"] == "missing":
                self._fill(path)
            elif problem["type"] == "extra_forbidden":
                self._rename(path)
            else:
                self._replace(path, problem["type"], removals)
        for holder, place in sorted(removals, key=lambda found: -found[1]):
            del holder[place]

    def _fill(self, path: Path) -> None:
        holder, key, rest = self._locate(path)
        if rest == 1:
            holder[key][path[-1]] = _placeholder(path, holder[key])
        elif rest == 0:  # filled a moment ago
            return
        else:
            self.data[str(path[0])] = _placeholder(path, self.data)
        self.lost.add(path)

    def _rename(self, path: Path) -> None:
        holder, key, rest = self._locate(path)
        if rest:
            return
        value = holder.pop(key)
        known = known_keys(Instrument, path[:-1])
        meant = get_close_matches(str(key), [k for k in known if k not in holder], n=1, cutoff=0.75)
        if meant:
            holder[meant[0]] = value
            self.renamed[(*path[:-1], meant[0])] = path

    def _replace(self, path: Path, kind: str, removals: list[tuple[list[Any], int]]) -> None:
        is_key = path[-1:] == ("[key]",)
        path = path[:-1] if is_key else path
        if any(path[: len(loss)] == loss for loss in self.lost):
            return  # one value can have several problems; it is mended already
        holder, key, rest = self._locate(path)
        path = path[: len(path) - rest]
        if not path:
            return
        value = holder[key]
        if kind == "string_type" and isinstance(value, (bool, int, float)):
            holder[key] = str(value)
            return
        if kind == "string_pattern_mismatch" and not is_key and str(value).strip() != value:
            holder[key] = str(value).strip()
            return
        if len(path) == 2 and path[0] in _SECTIONS and isinstance(value, dict):
            self._mend_part(path, value)
            return
        self.lost.add(path)
        if len(path) == 2 and path[0] in _SECTIONS:
            holder[key] = _stub(path)
        elif not is_key and kind.startswith("string_") and isinstance(value, str):
            holder[key] = _placeholder(path, holder)
        elif isinstance(holder, list):
            removals.append((holder, int(key)))
        else:
            del holder[key]

    def _mend_part(self, path: Path, part: dict[str, Any]) -> None:
        """Mend a part whose keys are right one by one, but not together."""
        if path[0] == "response_sets":
            try:
                ResponseSet.model_validate({**part, "labels": {}})
            except ValidationError:
                part.update(min=1, max=5)
                self.lost |= {(*path, "min"), (*path, "max")}
            part.pop("labels", None)
            self.lost.add((*path, "labels"))
        elif path[0] == "items":
            part.pop("score_map", None)
        elif path[0] == "scales":
            items = list(part.get("items", ()))
            once = list(dict.fromkeys(items))
            if once != items:
                part["items"] = once
            elif not items:
                part["confirmed"] = False
                self.lost.add((*path, "items"))
            else:
                part.pop("min_valid", None)

    def _locate(self, path: Path) -> tuple[Any, Any, int]:
        """Find the deepest part of a path that there is: its holder, its key, how much is left."""
        holder: Any = {"": self.data}
        key: Any = ""
        for done, step in enumerate(path):
            inside = holder[key]
            there = (
                step in inside
                if isinstance(inside, dict)
                else isinstance(inside, list) and isinstance(step, int) and step < len(inside)
            )
            if not there:
                return holder, key, len(path) - done
            holder, key = inside, step
        return holder, key, 0


def read_leniently(data: Mapping[str, Any]) -> Draft:
    """Read data as an instrument, mending what is wrong; the draft holds every problem."""
    draft = Draft(_copy(data))
    for _ in range(_ROUNDS):
        try:
            draft.instrument = Instrument.model_validate(draft.data, context=PARTS_ONLY)
            break
        except ValidationError as error:
            draft.note(error)
            draft.mend(error)
    return draft


def _reaches(loss: Path, path: Path) -> bool:
    """Whether a loss may be behind a finding in another part."""
    readers = [
        pattern
        for (section, key), patterns in _READERS.items()
        if section == loss[0] and (len(loss) <= 2 or key == loss[2])
        for pattern in patterns
    ]
    return any(
        len(pattern) == len(path)
        and all(step in ("*", own) for step, own in zip(pattern, path, strict=True))
        for pattern in readers
    )


def _copy(value: Any, depth: int = 0) -> Any:
    if depth < _DEPTH and isinstance(value, Mapping):
        return {key: _copy(inner, depth + 1) for key, inner in value.items()}
    if depth < _DEPTH and isinstance(value, (list, tuple)):
        return [_copy(inner, depth + 1) for inner in value]
    return value


def _placeholder(path: Path, part: Any) -> Any:
    key = path[-1]
    if key == "min":
        return 1
    if key == "max":
        low = part.get("min") if isinstance(part, dict) else None
        return low + 4 if isinstance(low, int) and not isinstance(low, bool) else 5
    if key == "value":
        return 0
    if path == ("id",):
        return "unnamed"
    # Each different, so that no two of them are taken for the same name.
    return "?" + "-".join(map(str, path))


def _stub(path: Path) -> dict[str, Any]:
    """Stand in for a part of which nothing could be read."""
    if path[0] == "evidence":
        return {}
    named = {"id": _placeholder((*path, "id"), {})}
    return {**named, "confirmed": False} if path[0] == "scales" else named
