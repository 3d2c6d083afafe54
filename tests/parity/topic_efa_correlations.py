"""Factor analysis of Spearman, polychoric and full-information correlations beside R."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import ESTIMATE, FIT, Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.exploratory import efa


def comparisons() -> Iterator[Comparison]:
    for case in load("efa_correlations").values():
        name, n_factors, correlation, missing = case.id.split("/")
        items = ITEMS[name.removesuffix("10")]
        frame = read_data(f"{name.removesuffix('10')}.csv")
        if name == "bfi10":
            # R's persons are those who answered all 25 where the call says na.omit.
            frame = frame if missing == "fiml" else frame.dropna(subset=items)
            items = items[:10]
        result = efa(
            frame, items=items, n_factors=int(n_factors), correlation=correlation, missing=missing
        )
        for field in ("loadings", "phi", "communalities"):
            yield from case.compare(field, getattr(result, field), rtol=0, atol=ESTIMATE)
        for field in ("rmsr", "rmsea", "tli"):
            yield from case.compare(field, getattr(result, field), rtol=0, atol=ESTIMATE)
        yield from case.compare("chisq", result.chisq, rtol=FIT)
        yield from case.compare("df", result.df)
        yield from case.compare(
            "bic", result.bic, rtol=0, atol=FIT * result.chisq,
            reason="χ² minus df ln n: what χ² may differ by is the measure",
        )  # fmt: skip
