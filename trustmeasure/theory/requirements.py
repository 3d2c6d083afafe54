"""How many people a form of the theory needs, and what else may be done with fewer."""

from __future__ import annotations

from typing import Any

from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, parameter_table
from trustmeasure.errors import DataError
from trustmeasure.theory.models import TheoryOfChange
from trustmeasure.thresholds import load_thresholds


def n_parameters(theory: TheoryOfChange) -> int:
    """Count the free parameters of a model, means apart."""
    defaults: dict[str, Any] = {**DEFAULTS["sem"]}
    return parameter_table(parse_model(theory.syntax), **defaults).n_free


def check_sample(theory: TheoryOfChange, n: int, thresholds: Any = None) -> dict[str, Any]:
    """Refuse samples under the stated minimum; give what was required.

    Raises
    ------
    DataError
        With what the other form, or fewer indicators, would need.
    """
    rules = load_thresholds(thresholds)
    if theory.form == "composite":
        least = rules["composite_path_n"]
        if n < least.cut:
            raise DataError(
                f"{n} person(s) can be used; the composite form of the theory of change needs at "
                f"least {least.cut:.0f} ({least.sources[0].short}). Look at single links with "
                "trustmeasure.mediation and at correlations with their intervals, or pool teams "
                "or waves. Another limit: thresholds={'composite_path_n': {'criterion': {'least': "
                "20, 'source': 'our protocol'}}}."
            )
        return {"n_needed": int(least.cut), "rule": least.explain()}
    ratio, least = rules["latent_n_per_parameter"], rules["latent_model_n"]
    free = n_parameters(theory)
    needed = int(max(ratio.cut * free, least.cut))
    if n < needed:
        composite = rules["composite_path_n"]
        fewer = (
            " Fewer indicators need fewer people: indicators='facets', or items={...}."
            if theory.settings["indicators"] == "items"
            else " Fewer indicators need fewer people: items={...}."
        )
        possible = "which can be done here" if n >= composite.cut else "which needs more as well"
        raise DataError(
            f"{n} persons can be used; the latent form has {free} free parameters and needs at "
            f"least {needed}: {ratio.cut:g} per parameter ({ratio.sources[0].short}), and "
            f"{least.cut:.0f} in any case ({least.sources[0].short}). Use form='composite', a path "
            f"model on scale scores, {possible} (at least {composite.cut:.0f})."
            f"{fewer} Another limit: thresholds={{'latent_n_per_parameter': {{'criterion': "
            "{'least': 3, 'source': 'our protocol'}}}."
        )
    return {"n_needed": needed, "rule": f"{ratio.explain()}; {least.explain()}"}
