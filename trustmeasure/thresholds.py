"""What "good" means: verdict words with their cut-offs and citations, from one data file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from trustmeasure._checks import listed, near
from trustmeasure.errors import InstrumentError, OptionError
from trustmeasure.instruments import strict_yaml

_SIGNS = {"least": "≥", "above": ">", "most": "≤", "below": "<"}
_OPPOSITE = {"≥": "<", ">": "≤", "≤": ">", "<": "≥", "": ""}


@dataclass(frozen=True)
class Source:
    """Where a cut-off comes from.

    Attributes
    ----------
    short : str
        For the running text: authors and year.
    text : str
        The full reference.
    doi : str or None
    """

    short: str
    text: str
    doi: str | None = None

    @property
    def reference(self) -> str:
        """The full reference with the DOI as a link, where there is one."""
        return f"{self.text} https://doi.org/{self.doi}" if self.doi else self.text


@dataclass(frozen=True)
class Condition:
    """A half-open range of values, as "≥ .70"; without a limit it holds for every value."""

    sign: str = ""
    limit: float = math.nan

    def holds(self, value: float) -> bool:
        """Tell whether ``value`` lies in the range."""
        return {
            "≥": value >= self.limit,
            ">": value > self.limit,
            "≤": value <= self.limit,
            "<": value < self.limit,
            "": True,
        }[self.sign]

    def __str__(self) -> str:
        return f"{self.sign} {short_number(self.limit)}" if self.sign else ""


@dataclass(frozen=True)
class Band:
    """A word and the values that it is for."""

    word: str
    condition: Condition


@dataclass(frozen=True)
class Measure:
    """How one statistic is judged.

    Attributes
    ----------
    id, name, symbol : str
    criterion : Condition or None
        What is sufficient.
    criterion_source : Source or None
    bands : tuple of Band
        Tried in order; the first that fits gives the word.
    bands_source : Source or None
    decimals : int or None
        Places to which a value is rounded before it is judged.
    """

    id: str
    name: str
    symbol: str
    criterion: Condition | None = None
    criterion_source: Source | None = None
    bands: tuple[Band, ...] = ()
    bands_source: Source | None = None
    decimals: int | None = None

    @property
    def cut(self) -> float:
        """The value that separates sufficient from insufficient; NaN where there is none."""
        return self.criterion.limit if self.criterion else math.nan

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of criterion and bands, each once."""
        found = [s for s in (self.criterion_source, self.bands_source) if s is not None]
        return tuple(dict.fromkeys(found))

    def range_of(self, band: Band) -> str:
        """Give a band's condition; for the last one, what its neighbour leaves."""
        if band.condition.sign or len(self.bands) < 2:
            return str(band.condition)
        neighbour = self.bands[-2].condition
        return str(Condition(_OPPOSITE[neighbour.sign], neighbour.limit))

    def explain(self) -> str:
        """Put the criterion and the bands in words, with their sources."""
        parts = []
        if self.criterion is not None and self.criterion_source is not None:
            parts.append(
                f"{self.symbol} {self.criterion} is sufficient ({self.criterion_source.short})"
            )
        if self.bands and self.bands_source is not None:
            words = ", ".join(
                f"{band.word} {band.condition}" if band.condition.sign else f"else {band.word}"
                for band in self.bands
            )
            lead = "bands" if parts else f"{self.symbol}"
            parts.append(f"{lead}: {words} ({self.bands_source.short})")
        return "; ".join(parts)


@dataclass(frozen=True)
class Verdict:
    """What a value amounts to.

    Attributes
    ----------
    measure : str
    value : float
    word : str
        As "good"; where a measure has no bands, "sufficient" or "insufficient". "not
        available" for NaN.
    meets : bool or None
        Whether the criterion is met; None without a criterion or a value.
    threshold : str
        The condition behind the word, as "α ≥ .80".
    citation : str
        Its source in short, as "Prinsen et al., 2018".
    references : tuple of str
        The full references of everything that the measure is judged by.
    """

    measure: str
    value: float
    word: str
    meets: bool | None
    threshold: str
    citation: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Thresholds:
    """All measures with their cut-offs, as `load_thresholds` gives them."""

    measures: Mapping[str, Measure] = field(default_factory=dict)

    def __getitem__(self, measure: str) -> Measure:
        if measure not in self.measures:
            raise OptionError(
                f"There is no threshold for measure {measure!r}. Known: "
                f"{listed(self.measures, limit=30)}." + near(measure, self.measures)
            )
        return self.measures[measure]

    def verdict(self, measure: str, value: float) -> Verdict:
        """Judge a value; see `verdict`."""
        rule = self[measure]
        references = tuple(source.reference for source in rule.sources)
        if value is None or math.isnan(value):
            return Verdict(measure, math.nan, "not available", None, "", "", references)
        judged = value if rule.decimals is None else round(value, rule.decimals)
        meets = rule.criterion.holds(judged) if rule.criterion else None
        band = next((band for band in rule.bands if band.condition.holds(judged)), None)
        if band is not None and rule.bands_source is not None:
            return Verdict(
                measure,
                float(value),
                band.word,
                meets,
                f"{rule.symbol} {rule.range_of(band)}".strip(),
                rule.bands_source.short,
                references,
            )
        source = rule.criterion_source.short if rule.criterion_source else ""
        return Verdict(
            measure,
            float(value),
            "sufficient" if meets else "insufficient",
            meets,
            f"{rule.symbol} {rule.criterion or ''}".strip(),
            source,
            references,
        )


def verdict(measure: str, value: float, *, thresholds: Any = None) -> Verdict:
    """Say what a value amounts to, and by whose cut-off.

    Parameters
    ----------
    measure : str
        "alpha", "omega", "item_rest", "kmo", "loading", "rwg", "icc1", "icc2", "rmsea", …;
        the measures that ``load_thresholds().measures`` lists.
    value : float
        NaN is "not available".
    thresholds : path, mapping or Thresholds, optional
        Other cut-offs than the built-in ones; see `load_thresholds`.

    Returns
    -------
    Verdict
        ``word``, ``meets``, ``threshold``, ``citation``, ``references``.

    Raises
    ------
    OptionError
        For an unknown measure or malformed thresholds.

    Examples
    --------
    >>> from trustmeasure.thresholds import verdict
    >>> result = verdict("alpha", .87)
    >>> result.word, result.meets, result.threshold, result.citation
    ('good', True, 'α ≥ .80', 'PAPERS; Lewis et al., 2021')
    >>> strict = {"alpha": {"criterion": {"least": .90, "source": "Our protocol, 2026"}}}
    >>> verdict("alpha", .87, thresholds=strict).word
    'insufficient'
    """
    return load_thresholds(thresholds).verdict(measure, value)


def load_thresholds(source: Any = None) -> Thresholds:
    """Load the built-in cut-offs, with the user's own in their place where given.

    Parameters
    ----------
    source : None, path, mapping, or Thresholds
        None gives the built-in ones. A YAML file or a mapping has the shape of the built-in
        file (``measures:`` and, for new sources, ``sources:``), or is the ``measures`` part
        alone. A measure named there replaces the built-in one as a whole. A ``source`` that
        is the id of no known source is taken as the citation itself.

    Returns
    -------
    Thresholds

    Raises
    ------
    OptionError
        For a file that cannot be read, or content of another shape.

    Examples
    --------
    >>> from trustmeasure.thresholds import load_thresholds
    >>> load_thresholds()["item_rest"].cut
    0.3
    """
    if isinstance(source, Thresholds):
        return source
    document, measures = _built_in()
    if source is None:
        return measures
    own = source if isinstance(source, Mapping) else _read(Path(source))
    own = own if "measures" in own else {"measures": own}
    sources = {**document.get("sources", {}), **(own.get("sources") or {})}
    return Thresholds({**measures.measures, **_measures(own, sources, measures.measures)})


def short_number(value: float) -> str:
    """Write a cut-off with two places (three where it has them), no zero before the point."""
    text = f"{value:.2f}" if round(value, 2) == round(value, 6) else f"{value:.3f}"
    return text[1:] if text.startswith("0.") else text.replace("-0.", "−.").replace("-", "−")


@lru_cache(maxsize=1)
def _built_in() -> tuple[dict[str, Any], Thresholds]:
    document = _read(Path(__file__).parent / "data" / "thresholds.yaml")
    return document, Thresholds(_measures(document, document["sources"], {}))


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"The thresholds file '{path}' cannot be read: {error}.") from None
    try:
        data = strict_yaml.parse(text, source=str(path)).data
    except InstrumentError as error:
        raise OptionError(f"Thresholds: {error}") from None
    if not isinstance(data, dict):
        _wrong(str(path), f"holds {type(data).__name__}, expected measures")
    return data


def _measures(
    document: Mapping[str, Any], sources: Mapping[str, Any], known: Mapping[str, Measure]
) -> dict[str, Measure]:
    measures = document["measures"]
    if not isinstance(measures, Mapping):
        _wrong("measures", "must map the name of a measure to its criterion or bands")
    return {
        str(name): _measure(str(name), rule, sources, known.get(name))
        for name, rule in measures.items()
    }


def _measure(name: str, rule: Any, sources: Mapping[str, Any], known: Measure | None) -> Measure:
    """Read one measure; name and symbol of a replaced one stay where not given."""
    rule = _mapping(name, rule, ("name", "symbol", "criterion", "bands", "decimals"))
    criterion, bands = rule.get("criterion"), rule.get("bands")
    if criterion is None and bands is None:
        _wrong(name, "has neither a criterion nor bands")
    if criterion is not None:
        criterion = _mapping(name, criterion, ("source", *_SIGNS))
    if bands is not None:
        bands = _mapping(name, bands, ("source", "steps"))
    decimals = rule.get("decimals")
    if decimals is not None and (isinstance(decimals, bool) or not isinstance(decimals, int)):
        _wrong(name, f"decimals must be a whole number; found {decimals!r}")
    return Measure(
        id=name,
        name=str(rule.get("name") or (known.name if known else name)),
        symbol=str(rule.get("symbol") or (known.symbol if known else name)),
        criterion=None if criterion is None else _condition(name, criterion, needed=True),
        criterion_source=None if criterion is None else _source(name, criterion, sources),
        bands=() if bands is None else _bands(name, bands.get("steps")),
        bands_source=None if bands is None else _source(name, bands, sources),
        decimals=decimals,
    )


def _bands(name: str, steps: Any) -> tuple[Band, ...]:
    if not isinstance(steps, (list, tuple)) or not steps:
        _wrong(name, "bands need a list of steps")
    bands = []
    for step in steps:
        step = _mapping(name, step, ("word", *_SIGNS))
        if "word" not in step:
            _wrong(name, f"a step of the bands needs a word; found {dict(step)!r}")
        bands.append(Band(str(step["word"]), _condition(name, step)))
    if any(not band.condition.sign for band in bands[:-1]):
        _wrong(name, "every band but the last needs least, above, most or below")
    return tuple(bands)


def _mapping(name: str, value: Any, allowed: Iterable[str]) -> Mapping[str, Any]:
    """Refuse what is no mapping, and keys that nobody would read."""
    if not isinstance(value, Mapping):
        _wrong(name, f"expected a mapping with {listed(allowed)}; found {value!r}")
    unknown = [key for key in value if key not in allowed]
    if unknown:
        _wrong(name, f"unknown key(s) {listed(unknown)}; allowed: {listed(allowed)}")
    return value


def _condition(name: str, rule: Mapping[str, Any], *, needed: bool = False) -> Condition:
    limits = [(sign, rule[word]) for word, sign in _SIGNS.items() if word in rule]
    if len(limits) > 1 or (needed and not limits):
        _wrong(name, f"give exactly one of {listed(_SIGNS)}; found {dict(rule)!r}")
    if not limits:
        return Condition()
    sign, limit = limits[0]
    try:
        number = float(limit)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or isinstance(limit, bool):
        _wrong(name, f"the limit {limit!r} is no number")
    return Condition(sign, number)


def _source(name: str, rule: Mapping[str, Any], sources: Mapping[str, Any]) -> Source:
    """Look a source up; a name that nobody defined is the citation itself."""
    wanted = rule.get("source")
    if not wanted:
        _wrong(name, "names no source; every cut-off needs one")
    entry = sources.get(str(wanted))
    if entry is None:
        return Source(short=str(wanted), text=str(wanted))
    entry = _mapping(str(wanted), entry, ("short", "text", "doi"))
    text = str(entry.get("text") or entry.get("short") or wanted)
    doi = entry.get("doi")
    return Source(str(entry.get("short") or text), text, None if doi is None else str(doi))


def _wrong(where: str, what: str) -> NoReturn:
    raise OptionError(f"Thresholds, '{where}': {what}.")
