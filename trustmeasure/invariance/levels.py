"""The levels of invariance: what each holds equal, and the order in which they build up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trustmeasure._checks import check_option, listed
from trustmeasure.errors import OptionError

# What a level holds equal, in the words of group_equal, what it presumes included.
LEVELS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
    "lv_variances": ("loadings", "lv.variances"),
    "lv_means": ("loadings", "intercepts", "means"),
}
STANDARD = ("configural", "metric", "scalar", "strict")
# Of ordered items, in the order of Wu and Estabrook (2016): thresholds come first.
ORDINAL_LEVELS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "thresholds": ("thresholds",),
    **{name: ("thresholds", *equal) for name, equal in LEVELS.items() if name != "configural"},
}
ORDINAL_STANDARD = ("configural", "thresholds", "metric", "scalar", "strict")
# What single parameters may be released from, and the operator that they are written with.
RELEASABLE = {
    "thresholds": "thresholds",
    "metric": "loadings",
    "scalar": "intercepts",
    "strict": "residuals",
}


def ladder(
    levels: str | Sequence[str], known: Mapping[str, tuple[str, ...]] = LEVELS
) -> dict[str, tuple[str, ...]]:
    """Give what each level holds equal, all levels before it included.

    Raises
    ------
    OptionError
        For unknown levels, and those that add nothing to the ones before.
    """
    names = [levels] if isinstance(levels, str) else list(levels)
    if not names:
        raise OptionError(f"levels= is empty. Offered: {listed(known)}.")
    found: dict[str, tuple[str, ...]] = {}
    so_far: dict[str, None] = {}
    for place, name in enumerate(names):
        check_option("levels", name, tuple(known))
        added = [part for part in known[name] if part not in so_far]
        if place and not added:
            raise OptionError(
                f"levels={names!r}: '{name}' holds nothing equal that the levels before it do "
                "not. Name each level once, the loosest first."
            )
        so_far |= dict.fromkeys(added)
        found[name] = tuple(so_far)
    return found
