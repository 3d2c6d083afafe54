"""Alpha from covariances and under missing answers, against psych::alpha and lavaan."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load
from tests.parity.topic_alpha import ALPHA_DROP, TOTAL
from tests.parity.topic_lower_bounds import item_sets
from trustmeasure.reliability import alpha_bounds, cronbach_alpha

NO_MEANS = {name: own for name, own in TOTAL.items() if own not in ("mean", "sd")}


def comparisons() -> Iterator[Comparison]:
    sets = item_sets()
    for name, case in load("alpha_variants").items():
        data = sets[name.removesuffix("_cov").removesuffix("_missing")]
        if name.endswith("_cov"):
            complete = data.dropna()
            ours = cronbach_alpha(cov=complete.cov(), n_obs=len(complete))
            fields = pd.Series({theirs: getattr(ours, own) for theirs, own in NO_MEANS.items()})
            yield from case.compare("total", fields)
            yield from case.compare("alpha_drop", ours.items, columns=ALPHA_DROP)
            yield from case.compare(
                "item_stats", ours.items, columns={"r": "std_r", "r.cor": "r_cor"}
            )
            standard = cronbach_alpha(cov=complete.corr(), n_obs=len(complete))
            yield from case.compare("r_drop", standard.items["r_drop"])
            yield from case.compare("std_alpha", standard.estimate)
        else:
            table = alpha_bounds(data, response_range=(1, 6)).table
            for row in ("listwise", "pairwise"):
                yield from case.compare(row, table.loc[row])
            yield from case.compare("fiml", table.loc["fiml", "alpha"], rtol=0.0, atol=1e-6)
