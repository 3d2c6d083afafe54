"""From a model, fitted or not, to the boxes and arrows of its path diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from trustmeasure._checks import listed
from trustmeasure.confirmatory import StructuralModel, TwoLevelStructuralModel
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, parameter_table
from trustmeasure.errors import DataError, OptionError
from trustmeasure.theory import TheoryFit, TheoryOfChange

# How an arrow is drawn: with its weight, not by colour alone.
STRONG, WEAK, FIXED, PLAIN = "strong", "weak", "fixed", "plain"


@dataclass(frozen=True)
class Link:
    """An arrow, or (``two_way``) a covariance."""

    start: str
    end: str
    value: float = np.nan
    kind: str = PLAIN
    two_way: bool = False
    loading: bool = False


@dataclass(frozen=True)
class Diagram:
    """What is drawn.

    Attributes
    ----------
    latent, observed : tuple of str
        Ellipses and rectangles, in the model's order; indicators that stand for one latent
        variable alone, or are not to be shown, left out.
    links : tuple of Link
    indicators : dict
        Latent variable → the indicators that stand beside it.
    shared : tuple of str
        Indicators on which several latent variables load.
    labels : dict
        Name → what is written.
    hidden : int
        Indicators left out.
    group : object
        Which group's (or level's) estimates these are; None without groups.
    regressions : bool
        Whether anything is regressed on anything.
    """

    latent: tuple[str, ...]
    observed: tuple[str, ...]
    links: tuple[Link, ...]
    indicators: Mapping[str, tuple[str, ...]]
    shared: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    hidden: int = 0
    group: Any = None
    regressions: bool = False

    @property
    def nodes(self) -> list[str]:
        """What is no indicator: latent variables, and observed ones that act or are acted on."""
        beside = {name for names in self.indicators.values() for name in names}
        return [name for name in (*self.latent, *self.observed) if name not in beside]


def diagram_of(
    model: Any,
    *,
    standardized: bool = True,
    group: Any = None,
    indicators: bool | None = None,
    most_indicators: int = 30,
    labels: Mapping[str, str] | None = None,
) -> Diagram:
    """Read boxes and arrows out of a fitted model, a theory, or syntax."""
    named: dict[str, str] = {}
    order: list[str] = []
    if isinstance(model, TheoryFit):
        named, order = _theory_labels(model.theory), _theory_order(model.theory)
        rows, group = _fitted_rows(model.structural, standardized, group)
    elif isinstance(model, StructuralModel):
        rows, group = _fitted_rows(model, standardized, group)
    elif isinstance(model, TheoryOfChange):
        named, order = _theory_labels(model), _theory_order(model)
        rows = _stated_rows(model)
    elif isinstance(model, str):
        rows = _syntax_rows(model)
    else:
        raise DataError(
            "path_diagram draws a fitted model (of cfa, sem or growth), a theory of change, or "
            f"model syntax; found {type(model).__name__}."
        )
    words = {**named, **(labels or {})}
    return _assembled(rows, group, indicators, most_indicators, words, order)


def _theory_labels(theory: TheoryOfChange) -> dict[str, str]:
    return {theory.variant.variable(key): key.replace("_", " ") for key in theory.variant.parts} | {
        name: name.replace("_", " ") for name in theory.variant.context
    }


def _theory_order(theory: TheoryOfChange) -> list[str]:
    """Put technical strategies first, which makes the emphasised arrows parallel."""
    keys = sorted(theory.variant.parts, key=lambda key: key != "technical")
    return [*(theory.variant.variable(key) for key in keys), *theory.variant.context]


def _fitted_rows(
    model: StructuralModel, standardized: bool, group: Any
) -> tuple[pd.DataFrame, Any]:
    """Give lhs, op, rhs, value and kind of one group's parameters."""
    rows = model.estimates
    over = blocks_of(model)
    if over in rows.columns:
        offered = list(rows[over].dropna().unique().tolist())
        group = offered[0] if group is None else group
        if group not in offered:
            raise OptionError(f"group={group!r} is none of the model's: {listed(offered)}.")
        rows = rows[rows[over] == group]
    elif group is not None:
        raise OptionError("group= chooses among groups or levels, and the model has none.")
    rows = rows[rows["op"].isin(["=~", "~", "~~"])]
    estimate, error = ("std", "se_std") if standardized else ("est", "se")
    value = rows[estimate].to_numpy(dtype=np.float64)
    spread = rows[error].to_numpy(dtype=np.float64)
    # A first loading that is fixed at 1 is estimated, once it is standardised.
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(value) / np.where(spread > 0, spread, np.nan)
    from scipy.special import ndtri

    limit = float(ndtri(0.5 + float(model.settings.get("conf_level", 0.95)) / 2))
    kind = np.where(np.isnan(z), FIXED, np.where(z > limit, STRONG, WEAK))
    found = pd.DataFrame(
        {"lhs": rows["lhs"], "op": rows["op"], "rhs": rows["rhs"], "value": value, "kind": kind}
    )
    # What is fixed at 0 is no arrow.
    return found[(found["kind"] != FIXED) | (found["value"].abs() > 0)], group


def blocks_of(model: StructuralModel) -> str:
    """Say what the blocks of a model are, if it has several: groups or levels."""
    return "level" if isinstance(model, TwoLevelStructuralModel) else "group"


def _syntax_rows(syntax: str) -> pd.DataFrame:
    defaults: dict[str, Any] = {**DEFAULTS["sem"]}
    table = parameter_table(parse_model(syntax), **defaults)
    rows = [
        {"lhs": row.lhs, "op": row.op, "rhs": row.rhs, "value": np.nan, "kind": PLAIN}
        for row in table.parameters
        if row.group == 1 and row.level == 1 and row.op in ("=~", "~", "~~")
        and (row.free or row.exo or row.value != 0)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _stated_rows(theory: TheoryOfChange) -> pd.DataFrame:
    """Draw the emphasised arrows strong, and those that are neither claimed nor denied weak."""
    rows = _syntax_rows(theory.syntax)
    stated: dict[tuple[Any, Any], str] = {
        (theory.variant.variable(arrow.effect), theory.variant.variable(arrow.cause)): arrow.status
        for arrow in theory.variant.arrows
    }
    weight = {"commentary": STRONG, "inference": STRONG, "allowed": WEAK}
    kinds = [
        weight.get(stated.get((row.lhs, row.rhs), ""), PLAIN) if row.op == "~" else PLAIN
        for row in rows.itertuples()
    ]
    return rows.assign(kind=kinds)


def _assembled(
    rows: pd.DataFrame,
    group: Any,
    indicators: bool | None,
    most: int,
    labels: Mapping[str, str],
    order: Sequence[str] = (),
) -> Diagram:
    loads = rows[rows["op"] == "=~"]
    paths = rows[rows["op"] == "~"]
    latent = list(dict.fromkeys(loads["lhs"]))
    acting = {*paths["lhs"], *paths["rhs"]}
    measured = [name for name in dict.fromkeys(loads["rhs"]) if name not in latent]
    owners = {name: list(loads.loc[loads["rhs"] == name, "lhs"]) for name in measured}
    alone = {  # the only indicator of a latent variable says nothing beside it
        name
        for name in measured
        if len(owners[name]) == 1 and int((loads["lhs"] == owners[name][0]).sum()) == 1
    }
    beside = [name for name in measured if name not in acting and name not in alone]
    show = (len(beside) <= most or not len(paths)) if indicators is None else indicators
    hidden = 0 if show else len(beside)
    gone = alone | (set() if show else set(beside))
    shown = [name for name in beside if show]
    shared = tuple(name for name in shown if len(owners[name]) > 1)
    observed = [*shown, *(name for name in _observed(rows, latent) if name not in measured)]
    observed += [name for name in measured if name in acting]
    place = {name: k for k, name in enumerate(order)}
    latent.sort(key=lambda name: place.get(name, len(place)))
    observed.sort(key=lambda name: place.get(name, len(place)))
    own: dict[str, tuple[str, ...]] = {
        factor: tuple(name for name in shown if owners[name][0] == factor) for factor in latent
    }
    links = []
    for row in rows.itertuples():
        a, b = str(row.lhs), str(row.rhs)
        if a in gone or b in gone or (row.op == "~~" and a == b):
            continue
        value, kind = float(row.value), str(row.kind)  # type: ignore[arg-type]
        if row.op == "=~":
            links.append(Link(a, b, value, kind, loading=b not in latent))
        elif row.op == "~":
            links.append(Link(b, a, value, kind))
        else:
            links.append(Link(a, b, value, kind, two_way=True))
    return Diagram(
        tuple(latent), tuple(observed), tuple(links), own, shared,
        {name: labels.get(name, name) for name in (*latent, *observed)}, hidden,
        group, bool(len(paths)),
    )  # fmt: skip


def _observed(rows: pd.DataFrame, latent: Sequence[str]) -> list[str]:
    names = dict.fromkeys([*rows["lhs"], *rows["rhs"]])
    return [name for name in names if name not in latent]


def is_measurement(diagram: Diagram) -> bool:
    """Whether nothing acts on anything: factors and indicators alone."""
    inside = set(diagram.nodes)
    return not any(
        not link.two_way and link.start in inside and link.end in inside for link in diagram.links
    )


def general_factors(diagram: Diagram) -> list[str]:
    """Factors that share most indicators with at least two others, as in a bifactor model."""
    loaded = {
        factor: {link.end for link in diagram.links if link.loading and link.start == factor}
        for factor in diagram.latent
    }
    whole = {name for names in loaded.values() for name in names}
    return [
        factor
        for factor, names in loaded.items()
        if len(names) > len(whole) / 2
        and sum(bool(names & other) for name, other in loaded.items() if name != factor) >= 2
    ]
