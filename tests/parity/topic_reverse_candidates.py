"""Item–rest correlations that suggest which items are reversed, against base R and psych."""

from __future__ import annotations

from collections.abc import Iterator

import trustmeasure as tm
from tests.parity.comparison import Comparison, load, read_data

SCALES = {"agree": "A", "consc": "C", "extra": "E", "neuro": "N", "open": "O"}
REVERSED = ("A1", "C4", "C5", "E1", "E2", "O2")


def comparisons() -> Iterator[Comparison]:
    items = {scale: [f"{letter}{j}" for j in range(1, 6)] for scale, letter in SCALES.items()}
    names = [name for own in items.values() for name in own]
    answers = read_data("bfi.csv")[names]
    for name, case in load("reverse_candidates").items():
        keyed, missing = name.split("/")
        survey = tm.build_instrument(
            id="personality",
            response_sets=[{"id": "agree6", "min": 1, "max": 6}],
            items=[
                {"id": item, "reverse": keyed == "keyed" and item in REVERSED, "confirmed": False}
                for item in names
            ],
            scales=[{"id": scale, "items": own} for scale, own in items.items()],
        )
        found = tm.reverse_candidates(answers, survey, missing=missing)
        found["r_drop"] = found["r_rest"]
        yield from case.compare("table", found)
