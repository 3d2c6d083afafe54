"""Measurement models that are written out anew for every group or wave."""

from __future__ import annotations

from trustmeasure.confirmatory.language.syntax import parse_model


def read_measurement(
    model: str, over: str = "waves"
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """Read the factors of a model, and the pairs of items whose residuals covary.

    Raises
    ------
    OptionError
        For anything that cannot be repeated over groups or waves as it stands.
    """
    one = "wave" if over == "waves" else "group"
    parsed = parse_model(model)
    factors: dict[str, list[str]] = {}
    pairs = []
    if parsed.relations or parsed.groups or parsed.levels:
        raise parsed.source.error(0, f"a model of one {one} has no constraints and no blocks.")
    latent = {row.lhs for row in parsed.formulas if row.op == "=~"}
    for row in parsed.formulas:
        if row.modifiers:
            raise parsed.source.error(
                row.where,
                f"a model that is repeated over {over} takes no modifiers; "
                f"{'partial' if over == 'waves' else 'group_partial'}= and .partial() release "
                "parameters.",
            )
        if row.op == "=~" and row.rhs not in latent:
            factors.setdefault(row.lhs, []).append(row.rhs)
        elif row.op == "~~" and row.lhs != row.rhs and not {row.lhs, row.rhs} & latent:
            pairs.append((row.lhs, row.rhs))
        elif row.op != "~~" or not {row.lhs, row.rhs} <= latent:
            raise parsed.source.error(
                row.where,
                f"a model that is repeated over {over} has factors of items ('f =~ x1 + x2') and "
                "covariances ('x1 ~~ x2'), nothing else.",
            )
    return {factor: tuple(items) for factor, items in factors.items()}, pairs


__all__ = ["read_measurement"]
