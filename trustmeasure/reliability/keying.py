"""Items that the answers suggest are reverse-keyed, for somebody to confirm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError
from trustmeasure.instruments import Instrument
from trustmeasure.kernels import reliability as kernel
from trustmeasure.reliability.sample import choose_sample
from trustmeasure.results import Notes
from trustmeasure.scoring import score

_LEAST_ITEMS = 3


def reverse_candidates(
    data: Any,
    instrument: Instrument | str | None = None,
    *,
    missing: str = "pairwise",
) -> pd.DataFrame:
    """Suggest items that may be reverse-keyed: those that relate negatively to their scale.

    Meant for instruments made by `import_instrument`, as a survey definition does not say
    which items are reversed. It is a suggestion and changes nothing: read the wording of each
    candidate, then key the instrument with ``instrument.with_key(reverse=[...])``.

    Parameters
    ----------
    data : Responses, or a DataFrame (pandas, Polars, PyArrow, …)
        Raw codes, one column an item, named by its id; persons in rows, NaN is missing. The
        keying need not be confirmed.
    instrument : Instrument or str, optional
        Needed for a frame; responses know theirs.
    missing : {"listwise", "pairwise"}
        Whose answers count, scale by scale: those of the persons who answered all of its
        items, or for each covariance those who answered both.

    Returns
    -------
    DataFrame, index ``item``
        For each item of each scale with three or more items: ``scale``; ``n`` valid answers;
        ``r_rest``, the correlation with the sum of the scale's other items, keyed as the
        instrument has them now; ``reverse``, whether the instrument reverses the item now;
        ``candidate``, whether ``r_rest`` is negative. Scales that were left out, and why, are
        in ``.attrs["warnings"]``.

    Raises
    ------
    DataError
        For missing item columns and codes outside their response set, and where no scale has
        three items.
    InstrumentError
        For an instrument that is not scored, or scales whose items are not known.
    OptionError
        For an option that is not offered.

    Notes
    -----
    ``r_rest`` is the corrected item–rest correlation, ``r_drop`` of `item_analysis` and of
    ``psych::alpha(x, check.keys = FALSE)``. For keyed items *x* with sum *s*::

        r_rest(i) = cov(x_i, s − x_i) / sqrt(var(x_i) · var(s − x_i))

    How to read it:

    - A negative correlation may also belong to a bad item: one that measures something else,
      or that people misread. Only the wording tells.
    - The direction of a scale is that of its majority. Where about half of the items are
      reversed (in a scale of three items one is enough), the others cancel out and the
      candidates may be the wrong half, all, or none. Reverse the clear cases by their wording
      first, then run it again.
    - Where most items are reversed, the few that are not show up as candidates.
    - Weak items may cross zero by chance; near-zero values mean nothing in either direction.

    References
    ----------
    Nunnally, J. C., & Bernstein, I. H. (1994). *Psychometric theory* (3rd ed.). McGraw-Hill.

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> survey = tm.build_instrument(
    ...     id="openness",
    ...     response_sets=[{"id": "agree5", "min": 1, "max": 5}],
    ...     items=[{"id": "op1", "text": "We tell bad news early.", "confirmed": False},
    ...            {"id": "op2", "text": "We speak openly.", "confirmed": False},
    ...            {"id": "op3", "text": "We ask for help.", "confirmed": False},
    ...            {"id": "op4", "text": "People hide their doubts.", "confirmed": False}],
    ...     scales=[{"id": "open", "items": ["op1", "op2", "op3", "op4"]}],
    ... )
    >>> answers = pd.DataFrame({"op1": [1, 2, 3, 4, 5, 3], "op2": [2, 2, 3, 5, 5, 4],
    ...                         "op3": [1, 3, 3, 4, 4, 3], "op4": [5, 4, 4, 2, 1, 3]})
    >>> found = tm.reverse_candidates(answers, survey)
    >>> found[["scale", "n", "reverse", "candidate"]]
         scale  n  reverse  candidate
    item
    op1   open  6    False      False
    op2   open  6    False      False
    op3   open  6    False      False
    op4   open  6    False       True
    >>> keyed = survey.with_key(reverse=found.index[found["candidate"]])
    >>> bool(tm.reverse_candidates(answers, keyed)["candidate"].any())
    False
    """
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    scores = score(data, instrument, confirm_keying=True)
    known = scores.instrument
    large = [scale for scale in known.scales if len(scale.items) >= _LEAST_ITEMS]
    if not large:
        raise DataError(
            f"No scale of instrument '{known.id}' has {_LEAST_ITEMS} or more items, and of fewer "
            "no correlation tells which is reversed. Decide by the wording."
        )
    notes = Notes()
    small = [scale.id for scale in known.scales if scale not in large]
    if small:
        notes.record(f"Scale(s) {_checks.listed(small)} have fewer than {_LEAST_ITEMS} items.")
    tables = []
    for scale in large:
        keyed = scores.keyed[list(scale.items)]
        rest = _rest_correlations(keyed, scale.id, missing, notes)
        tables.append(
            pd.DataFrame(
                {
                    "scale": scale.id,
                    "n": keyed.notna().sum().to_numpy(),
                    "r_rest": rest,
                    "reverse": [known.item(name).reverse for name in scale.items],
                    "candidate": rest < 0,
                },
                index=pd.Index(scale.items, name="item"),
            )
        )
    table = pd.concat(tables)
    table.attrs["warnings"] = notes.messages()
    return table


def _rest_correlations(
    keyed: pd.DataFrame, scale: str, missing: str, notes: Notes
) -> NDArray[np.float64]:
    """Correlate each item with the sum of the others; NaN where the answers do not allow it."""
    inner = Notes()
    try:
        block = _checks.as_items(keyed, min_items=_LEAST_ITEMS, min_persons=3)
        sample = choose_sample(block, missing, inner)
    except DataError as error:
        notes.record(f"Scale '{scale}': {error}")
        return np.full(keyed.shape[1], np.nan)
    for message in inner.messages():
        notes.record(f"Scale '{scale}': {message}")
    return kernel.item_totals(sample.structure).r_drop
