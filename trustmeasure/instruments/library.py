"""The public ways to an instrument: list them, load one, build one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from trustmeasure.errors import InstrumentError
from trustmeasure.instruments.files import (
    instrument_file,
    make_instrument,
    read_instrument,
    shipped_files,
)
from trustmeasure.instruments.models import Instrument, Item, ResponseSet, Scale


def list_instruments() -> pd.DataFrame:
    """List the instruments that come with the package.

    Returns
    -------
    DataFrame
        Index ``id``; columns title, construct, level, n_items, n_scales, text ("included",
        or "none" for published scales that ship as structure only), licence, status.

    Examples
    --------
    >>> import trustmeasure as tm
    >>> tm.list_instruments().loc["trust-pulse", "n_items"]
    np.int64(5)
    """
    rows = []
    for path in shipped_files().values():
        instrument = read_instrument(path)
        rows.append(
            {
                "id": instrument.id,
                "title": instrument.name,
                "construct": getattr(instrument.measured_construct, "name", ""),
                "level": instrument.level,
                "n_items": len(instrument.items),
                "n_scales": len(instrument.scales),
                "text": instrument.text,
                "licence": instrument.licence,
                "status": instrument.status,
            }
        )
    return pd.DataFrame(rows).set_index("id")


def load_instrument(instrument: Instrument | str | Path) -> Instrument:
    """Load a shipped instrument by its id, or any instrument from its file.

    Parameters
    ----------
    instrument : str, path or Instrument
        An id that `list_instruments` gives, or the path of a ``.yaml`` or ``.json`` file. An
        Instrument comes back as it is.

    Returns
    -------
    Instrument

    Raises
    ------
    InstrumentError
        For an id that is not there (near matches are suggested) or a file with problems
        (all of them are listed, with their lines).

    Examples
    --------
    >>> import trustmeasure as tm
    >>> pulse = tm.load_instrument("trust-pulse")
    >>> [scale.id for scale in pulse.scales]
    ['trust_pulse']
    """
    if isinstance(instrument, Instrument):
        return instrument
    return read_instrument(instrument_file(instrument))


def build_instrument(
    *,
    id: str,
    items: Iterable[Mapping[str, Any] | Item],
    scales: Iterable[Mapping[str, Any] | Scale],
    response_sets: Iterable[Mapping[str, Any] | ResponseSet],
    title: str | Mapping[str, str] | None = None,
    **fields: Any,
) -> Instrument:
    """Build an instrument in code, as for a new scale.

    Parameters
    ----------
    id : str
        Lower-case letters, digits and hyphens.
    items : iterable of mappings
        Each with ``id`` and, as needed, ``text``, ``response_set``, ``reverse``,
        ``score_map``, ``facet``, … as in an instrument file. Without any text, the
        instrument counts as structure only.
    scales : iterable of mappings
        Each with ``id``, ``items`` and, as needed, ``title``, ``method``, ``min_valid``.
    response_sets : iterable of mappings
        Each with ``id``, ``min``, ``max`` and, as needed, ``labels``. Items may leave out
        ``response_set`` where there is just one.
    title : str or mapping, optional
        Defaults to the id.
    **fields
        Any other key of an instrument file: version, level, construct, citation, …

    Returns
    -------
    Instrument

    Raises
    ------
    InstrumentError
        Listing every problem found.

    Examples
    --------
    >>> import trustmeasure as tm
    >>> new = tm.build_instrument(
    ...     id="openness",
    ...     response_sets=[{"id": "agree5", "min": 1, "max": 5}],
    ...     items=[
    ...         {"id": "op1", "text": "We tell each other bad news early."},
    ...         {"id": "op2", "text": "People here hide their doubts.", "reverse": True},
    ...     ],
    ...     scales=[{"id": "open", "items": ["op1", "op2"]}],
    ... )
    >>> new.to_frame().loc["op2", "reverse"]
    np.True_
    """
    data = {
        **fields,
        "id": id,
        "title": title if title is not None else id,
        "response_sets": _plain_all("response_sets", response_sets),
        "items": _plain_all("items", items),
        "scales": _plain_all("scales", scales),
    }
    if "text" not in fields and not any(item.get("text") for item in data["items"]):
        data["text"] = "none"
    return make_instrument(data, source=f"Instrument '{id}'")


def _plain_all(argument: str, parts: Any) -> list[dict[str, Any]]:
    if isinstance(parts, (str, Mapping)) or not isinstance(parts, Iterable):
        raise InstrumentError(
            f"{argument}={parts!r} must be a list of mappings, such as [{{'id': 'op1'}}]."
        )
    return [_plain(part) for part in parts]


def _plain(part: Any) -> dict[str, Any]:
    if isinstance(part, (Item, Scale, ResponseSet)):
        return part.model_dump()
    if not isinstance(part, Mapping):
        raise InstrumentError(
            f"Found {part!r} where an item, scale or response set is described; expected a "
            "mapping such as {'id': 'op1'}."
        )
    return dict(part)
