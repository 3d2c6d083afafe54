"""Schmid–Leiman solutions, bifactor indices and congruences beside psych."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.parity.comparison import Comparison, load
from tests.parity.topic_efa_methods import source
from trustmeasure.exploratory import bifactor_indices, congruence, efa, schmid_leiman

NEAR = {"rtol": 0.0, "atol": 1e-5}


def comparisons() -> Iterator[Comparison]:
    for case in load("efa_bifactor").values():
        name, n_factors, asked = case.id.split("/")
        oblique = efa(**source(name), n_factors=int(n_factors), rotation="oblimin")
        if asked == "congruence":
            plain = efa(**source(name), n_factors=int(n_factors), rotation="none")
            found = congruence(oblique, plain)
            yield from case.compare("coefficients", found.coefficients, **NEAR)
            continue
        split = schmid_leiman(oblique, option="equal" if asked == "omega" else asked)
        indices = bifactor_indices(split)
        if asked == "omega":
            # psych takes what the correlated factors reproduce for the variance of the sum.
            # The split loadings do so only where one factor wholly explains their correlations.
            reproduced = oblique.correlations - oblique.residuals
            reproduced = reproduced + np.diag(oblique.uniquenesses)
            indices = bifactor_indices(split, corr=reproduced)
            for field in ("omega_hierarchical", "ecv"):
                yield from case.compare(field, getattr(indices, field), **NEAR)
            continue
        for field in ("general", "groups", "second_order", "uniquenesses", "general_share"):
            yield from case.compare(field, getattr(split, field), **NEAR)
        yield from case.compare("ecv", indices.ecv, **NEAR)
        yield from case.compare("h", indices.factors["h"], **NEAR)
        yield from case.compare("determinacy", indices.factors["determinacy"], **NEAR)
        yield from case.compare("implied", indices.factors, **NEAR)
        observed = bifactor_indices(split, corr=oblique.correlations)
        yield from case.compare("observed", observed.factors, **NEAR)
