"""Sampling adequacy and sphericity beside psych, listwise and pairwise."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.exploratory import bartlett_sphericity, kmo

ITEMS = {
    "bfi": [f"{letter}{i}" for letter in "ACENO" for i in range(1, 6)],
    "hs1939": [f"x{i}" for i in range(1, 10)],
    "spi_trust": ["q_1855", "q_4289", "q_377", "q_379", "q_871"],
}


def comparisons() -> Iterator[Comparison]:
    for case in load("kmo_bartlett").values():
        name, use = case.id.split("/")
        missing = "listwise" if use == "complete" else "pairwise"
        data = read_data(f"{name}.csv")
        adequacy = kmo(data, items=ITEMS[name], missing=missing)
        test = bartlett_sphericity(data, items=ITEMS[name], missing=missing)
        yield from case.compare("overall", adequacy.overall)
        yield from case.compare("items", adequacy.items)
        yield from case.compare("chisq", test.chisq)
        yield from case.compare("df", test.df)
        yield from case.compare("pvalue", test.pvalue)
