"""The theory of change as models that can be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustmeasure._checks import check_option, listed, near
from trustmeasure.errors import OptionError
from trustmeasure.instruments import Instrument
from trustmeasure.theory.constructs import Construct, build_constructs
from trustmeasure.theory.variants import CLAIMS, RIVALS, THEORY, Variant, build_variant
from trustmeasure.theory.writing import assumptions_frame, chains_frame, write_syntax

if TYPE_CHECKING:
    from trustmeasure.theory.fitting import TheoryFit

FORMS = ("latent", "composite")


@dataclass(frozen=True, repr=False, eq=False)
class TheoryOfChange:
    """The theory (or one of its rivals) as a model that can be read, run and drawn.

    ``str()`` gives the syntax.

    Attributes
    ----------
    name : str
        "theory", or which rival.
    claim : str
        What it says, in a sentence.
    form : {"latent", "composite"}
    syntax : str
        lavaan's model syntax, with comments that name what each part assumes.
    assumptions : DataFrame
        One row an assumption: kind, cause, effect, status ("published", "commentary",
        "inference", "allowed", "rival"), expected, source, note. The index holds the labels of
        paths in the syntax.
    constructs : DataFrame
        One row a construct: its stage, its variable in the model, its indicators.
    chains : DataFrame
        One row an indirect effect: strategy, parts on the way, outcome, expression.
    rivals : dict
        Name → the rival, a `TheoryOfChange` itself.
    """

    variant: Variant
    parts: Mapping[str, Construct]
    settings: Mapping[str, Any]
    rivals: Mapping[str, TheoryOfChange] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Which model: "theory", or a rival."""
        return self.variant.name

    @property
    def claim(self) -> str:
        """What the model says, in a sentence."""
        return CLAIMS[self.name]

    @property
    def form(self) -> str:
        """Whether constructs are latent variables or scores."""
        return self.variant.form

    @property
    def syntax(self) -> str:
        """The model in lavaan's syntax."""
        return write_syntax(self.variant)

    @property
    def assumptions(self) -> pd.DataFrame:
        """What the model assumes, with status and source."""
        return assumptions_frame(self.variant)

    @property
    def chains(self) -> pd.DataFrame:
        """The indirect effects that the model defines."""
        return chains_frame(self.variant)

    @property
    def constructs(self) -> pd.DataFrame:
        """What the model is about."""
        rows = [
            {
                "construct": part.key, "code": part.code, "stage": part.stage,
                "variable": self.variant.variable(part.key),
                "indicators": ", ".join(part.indicators),
            }
            for part in self.variant.parts.values()
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("construct")

    def fit(self, data: Any, **options: Any) -> TheoryFit:
        """Run the model; see `fit_theory` for the options."""
        from trustmeasure.theory.fitting import fit_variant

        return fit_variant(self, data, **options)

    def corrected(self, errors: Mapping[str, float]) -> TheoryOfChange:
        """Give the composite model with these error variances of its scores, by construct."""
        if self.form != "composite":
            raise OptionError("Error variances are for the composite form; latent variables have "
                              "indicators.")  # fmt: skip
        if "safety_moderator" in self.settings["rivals"]:
            raise OptionError(
                "Scores cannot be corrected for unreliability in a model with products "
                "(rival 'safety_moderator'). Fit that rival apart."
            )
        for key in errors:
            if key not in self.parts:
                raise OptionError(
                    f"'{key}' is no part of the theory. Parts: {listed(self.parts, limit=20)}."
                    + near(key, self.parts)
                )
        return _assemble(self.form, self.parts, self.settings, errors)

    def __str__(self) -> str:
        return self.syntax

    def __repr__(self) -> str:
        rivals = f", rivals: {', '.join(self.rivals)}" if self.rivals else ""
        return (
            f"TheoryOfChange '{self.name}' ({self.form} form, {len(self.variant.free_arrows)} "
            f"paths, {len(self.chains)} chains{rivals})\n{self.claim}\n\n{self.syntax}"
        )


def theory_of_change(
    form: str = "latent",
    rivals: str | Sequence[str] = (),
    *,
    instruments: Mapping[str, str | Instrument] | None = None,
    strategies: str = "often",
    indicators: str = "items",
    items: Mapping[str, Sequence[str]] | None = None,
    outcomes: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, str] | None = None,
) -> TheoryOfChange:
    """Write the theory of change as a model that names what it assumes.

    Trust-building strategies (relational, technical) build trusting relationships (cognitive,
    affective), these motivation, capability and opportunity, from which commitment and
    resilience follow, and from these implementation outcomes (Metz et al., 2022). Every part
    of a stage may act on every part of the next; stages are not passed over. Technical
    strategies are expected to work above all through cognitive trust. That relational ones work
    above all through affective trust is an inference. The weaker paths stay free, so that both
    expectations can be tested (``emphasis_technical``, ``emphasis_relational``).

    Parameters
    ----------
    form : {"latent", "composite"}
        Constructs as latent variables behind answers, or as scale scores, for samples too
        small for a measurement model.
    rivals : str or sequence of str
        Models to set beside it, each of its own: "general" (one general trust), "safety"
        (psychological safety as a path parallel to trust), "safety_moderator" (the team's
        safety changes what trust does; composite form only), "direct" (strategies act on the
        outcomes directly). "all" stands for all that the form offers. Models with psychological
        safety add its variables to every model, without effect where a model denies it one,
        so that all are about the same data.
    instruments : mapping, optional
        Ids or instruments for "strategies", "relationships", "conditions", "response",
        "outcomes", "safety" in the place of the project's banks and AIM, IAM, FIM; a short form
        is ``tm.load_instrument(...).subset(items)``. With "practitioner-trust" as
        "relationships", intrapersonal trust stands in the place of cognitive, interpersonal in
        that of affective trust.
    strategies : {"often", "well", "joint"}
        How often strategies are used, how well, or both.
    indicators : {"items", "facets"}
        Of latent variables: each item, or the mean of each facet where a scale has several.
    items : mapping, optional
        Construct → the items that measure it (latent form).
    outcomes : sequence of str or mapping, optional
        Own outcome variables; in the latent form a mapping name → items makes them latent.
    names : mapping, optional
        Construct → what it is called in the model: the latent variable, or the column of
        scores.

    Returns
    -------
    TheoryOfChange
        ``syntax``, ``assumptions``, ``constructs``, ``chains``, ``rivals``, ``fit(data)``.

    Raises
    ------
    OptionError
        For what is not offered, or names that a model cannot have.

    Notes
    -----
    The syntax runs in lavaan as it is: ``lavaan::sem(syntax, data, estimator = "MLR",
    missing = "fiml")``. Items must be keyed (reversed items turned round).

    References
    ----------
    Metz, A., Jensen, T., Farley, A., Boaz, A., Bartley, L., & Villodas, M. (2022). Building
    trusting relationships to support implementation: A proposed theoretical model. *Frontiers
    in Health Services, 2*, 894599. https://doi.org/10.3389/frhs.2022.894599

    Michie, S., van Stralen, M. M., & West, R. (2011). The behaviour change wheel.
    *Implementation Science, 6*, 42. https://doi.org/10.1186/1748-5908-6-42

    Examples
    --------
    >>> import trustmeasure as tm
    >>> theory = tm.theory_of_change("composite", rivals=["general", "direct"])
    >>> theory.assumptions.loc[["tec_cog", "rel_aff"], "status"].tolist()
    ['commentary', 'inference']
    >>> len(theory.chains)
    72
    >>> print(theory.rivals["direct"].claim)
    Strategies act on the outcomes directly, not only through trust.
    """
    check_option("form", form, FORMS)
    chosen = _rivals(rivals, form)
    parts = build_constructs(
        form, instruments=instruments, strategies=strategies, indicators=indicators, items=items,
        outcomes=outcomes, names=names,
    )  # fmt: skip
    settings = {
        "form": form,
        "rivals": list(chosen),
        "instruments": {
            slot: one.id if isinstance(one, Instrument) else one
            for slot, one in (instruments or {}).items()
        },
        "strategies": strategies,
        "indicators": indicators,
    }
    return _assemble(form, parts, settings, {})


def _assemble(
    form: str,
    parts: Mapping[str, Construct],
    settings: Mapping[str, Any],
    corrections: Mapping[str, float],
) -> TheoryOfChange:
    chosen = tuple(settings["rivals"])
    models = {
        name: TheoryOfChange(build_variant(name, form, parts, chosen, corrections), parts, settings)
        for name in (THEORY, *chosen)
    }
    return TheoryOfChange(
        models[THEORY].variant, parts, settings, {name: models[name] for name in chosen}
    )


def _rivals(rivals: str | Sequence[str], form: str) -> tuple[str, ...]:
    offered = [name for name in RIVALS if form == "composite" or name != "safety_moderator"]
    if isinstance(rivals, str):
        rivals = offered if rivals == "all" else [rivals]
    for name in rivals:
        if name == "safety_moderator" and form == "latent":
            raise OptionError(
                "The rival 'safety_moderator' needs products with the team's mean, which the "
                "latent form does not have. Use form='composite', or the rival 'safety'."
            )
        check_option("rivals", name, [*RIVALS, "all"])
    return tuple(dict.fromkeys(rivals))
