"""Several groups: what is held equal across them, and what equality sets free."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trustmeasure._checks import near
from trustmeasure.confirmatory.language.defaults import Options, Row
from trustmeasure.confirmatory.language.variables import joined_names, roles_of_blocks
from trustmeasure.errors import OptionError

GROUP_EQUAL = (
    "loadings",
    "intercepts",
    "means",
    "thresholds",
    "regressions",
    "residuals",
    "residual.covariances",
    "lv.variances",
    "lv.covariances",
)


def free_in_later_groups(rows: Sequence[Row], options: Options) -> None:
    """Estimate in later groups what their equalities with the first group identify.

    With equal intercepts or thresholds, latent means; with equal loadings and standardised
    factors, latent variances; with equal thresholds of ordered items, their scaling factors
    (delta) or residual variances (theta).
    """
    equal = options.group_equal
    latent = {row.lhs for row in rows if row.op == "=~"}
    ordinal = {row.lhs for row in rows if row.op == "~*~"}
    levels = bool({"intercepts", "thresholds"} & equal) and "means" not in equal
    spread = options.std_lv and "loadings" in equal and "lv.variances" not in equal
    for row in rows:
        variance = row.op == "~~" and row.lhs == row.rhs
        if (
            row.op == "~1"
            and not row.user
            and row.lhs in latent
            and levels
            and not options.int_lv_free
        ) or (variance and not row.user and row.lhs in latent and spread):
            row.release()
        if "thresholds" in equal and (
            (options.parameterization == "delta" and options.auto_delta and row.op == "~*~")
            or (options.parameterization == "theta" and variance and row.lhs in ordinal)
        ):
            row.release()


def equality_labels(
    rows: Sequence[Row],
    *,
    n_groups: int,
    group_equal: Sequence[str],
    group_partial: Sequence[str],
) -> list[str]:
    """Give each row a label; rows of one label are held equal.

    Without a label of the user, it is "f=~x2" in the first group and "f=~x2.g2" in the second,
    unless ``group_equal`` gives the first group's label to all.
    """
    labels = ["".join(row.key) + (f".g{row.group}" if row.group > 1 else "") for row in rows]
    if n_groups > 1 and group_equal:
        partial = _partial(rows, group_partial)
        equal = _held_equal(rows, group_equal)
        first = {
            row.key
            for row in rows
            if row.group == 1 and equal(row) and "".join(row.key) not in partial
        }
        labels = [
            "".join(row.key) if row.key in first else label
            for row, label in zip(rows, labels, strict=True)
        ]
    return [
        row.label or label + (f".l{row.level}" if row.level > 1 else "")
        for row, label in zip(rows, labels, strict=True)
    ]


def _held_equal(rows: Sequence[Row], group_equal: Sequence[str]) -> Callable[[Row], bool]:
    """Give the test of whether `group_equal` is about a parameter."""
    first = [row for row in rows if row.group == 1]
    blocks = list(dict.fromkeys((row.group, row.level) for row in first))
    roles = roles_of_blocks(first, blocks)
    names = {kind: set(joined_names(roles, kind)) for kind in ("ov.nox", "lv", "ov.ord")}

    def held(row: Row) -> bool:
        return _class_of(row, names) in group_equal

    return held


def _class_of(row: Row, names: dict[str, set[str]]) -> str:
    """Name the class of `group_equal` that a parameter belongs to, or nothing."""
    observed, latent = row.lhs in names["ov.nox"], row.lhs in names["lv"]
    own = row.lhs == row.rhs
    if row.op == "=~":
        return "loadings"
    if row.op == "~":
        return "regressions"
    if row.op == "|" and row.lhs in names["ov.ord"]:
        return "thresholds"
    if row.op == "~1":
        return "intercepts" if observed else "means" if latent else ""
    if row.op == "~~" and observed:
        return "residuals" if own else "residual.covariances"
    if row.op == "~~" and latent:
        return "lv.variances" if own else "lv.covariances"
    return ""


def _partial(rows: Sequence[Row], group_partial: Sequence[str]) -> set[str]:
    """Check parameters that are excepted from equality; the sides of '~~' may be exchanged."""
    known = {"".join(row.key) for row in rows}
    exchanged = {f"{row.rhs}~~{row.lhs}": "".join(row.key) for row in rows if row.op == "~~"}
    found = set()
    for wanted in group_partial:
        name = "".join(wanted.split())
        if name not in known and name not in exchanged:
            raise OptionError(
                f"group_partial names '{wanted}', which is no parameter of the model. "
                "Parameters are written without blanks, as in 'trust=~item2', 'item2~1' or "
                f"'item2~~item2'.{near(name, known)}"
            )
        found.add(name if name in known else exchanged[name])
    return found
