"""A fitted structural model, as the user has it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from trustmeasure.confirmatory.estimation import Data, Estimates
from trustmeasure.confirmatory.inference import Inference
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.results import Result


@dataclass(frozen=True)
class Fitted:
    """What further questions to a model are answered from; not part of its printed result."""

    specification: Specification
    estimates: Estimates
    data: Data
    samples: Samples
    inference: Inference
    means: bool


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class StructuralModel(Result):
    """What `cfa` and `sem` return.

    Attributes
    ----------
    model : str
        The syntax that was fitted.
    converged : bool
        Whether the search ended at a minimum.
    admissible : bool
        Whether the solution could be one: no negative variance, no impossible correlation.
    fit : Series
        Indices of fit, named as lavaan's with dots as underscores.
    estimates : DataFrame
        One row a parameter: lhs, op, rhs, group, label, est, se, z, pvalue, ci_low, ci_high,
        std (in standard deviations of all variables) and its se_std.
    r_squared : DataFrame
        Share of variance explained, one row a variable, one column a group.
    """

    title: ClassVar[str] = "Structural model"

    model: str
    converged: bool
    admissible: bool
    fit: pd.Series
    estimates: pd.DataFrame
    r_squared: pd.DataFrame
    fitted: Fitted = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the estimates."""
        return self.estimates.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the machinery as plain Python objects."""
        from trustmeasure.results import to_plain

        names = ("n", "n_dropped", "settings", "warnings", "model", "converged", "admissible",
                 "fit", "estimates", "r_squared")  # fmt: skip
        return {name: to_plain(getattr(self, name)) for name in names}

    def summary(self) -> dict[str, Any]:
        """Give the indices that are read first."""
        wanted = ["chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr"]
        if "cfi_robust" in self.fit:
            wanted = ["chisq_scaled", "df_scaled", "pvalue_scaled", "cfi_robust", "tli_robust",
                      "rmsea_robust", "srmr"]  # fmt: skip
        found: dict[str, Any] = {"converged": self.converged, "admissible": self.admissible}
        return found | {name: float(self.fit[name]) for name in wanted if name in self.fit}

    def implied(self) -> Mapping[Any, dict[str, pd.DataFrame | pd.Series]]:
        """Give the moments that the model implies: "cov" and "mean", for each group."""
        from trustmeasure.kernels.structural import implied, matrices

        kept = self.fitted
        found = {}
        for layout, block, group in zip(
            kept.estimates.model.layouts,
            kept.specification.blocks,
            kept.samples.groups,
            strict=True,
        ):
            moments = implied(matrices(layout, kept.estimates.parameters))
            names = pd.Index(block.observed)
            parts: dict[str, pd.DataFrame | pd.Series] = {
                "cov": pd.DataFrame(moments.spread, index=names, columns=names)
            }
            if kept.means:
                parts["mean"] = pd.Series(moments.mean, index=names)
            found[group.label] = parts
        return found
