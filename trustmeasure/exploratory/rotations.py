"""What a user may ask of a rotation, and the check of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_count, check_option, listed
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.rotation import Rotation

FloatArray = NDArray[np.float64]

ROTATIONS = (
    "none", "varimax", "quartimax", "equamax", "promax", "oblimin", "quartimin",
    "geomin_orthogonal", "geomin_oblique", "bentlerT", "bentlerQ", "simplimax", "bifactor",
    "biquartimin", "target_orthogonal", "target_oblique",
)  # fmt: skip
# What GPArotation, psych and the promised interface call some of them.
ALIASES = {
    "geominT": "geomin_orthogonal",
    "geominQ": "geomin_oblique",
    "bentler_orthogonal": "bentlerT",
    "bentler_oblique": "bentlerQ",
    "bifactorT": "bifactor",
    "bifactorQ": "biquartimin",
    "target": "target_oblique",
    "targetT": "target_orthogonal",
    "targetQ": "target_oblique",
}
# The further choices of each rotation, and what they are without one.
ARGUMENTS: dict[str, dict[str, float]] = {
    "promax": {"power": 4.0},
    "oblimin": {"gamma": 0.0},
    "geomin_orthogonal": {"delta": 0.01},
    "geomin_oblique": {"delta": 0.01},
    "simplimax": {"n_small": 0},
}
NORMALIZED = ("varimax", "promax")
# Starts unless asked for: few where several minima are rare (Nguyen & Waller 2023),
# and many where nearly every start ends in a minimum of its own.
STARTS = {
    "varimax": 1, "promax": 1, "quartimax": 5, "equamax": 5, "oblimin": 5, "quartimin": 5,
    "simplimax": 100,
}  # fmt: skip
MANY_STARTS = 30


def check_rotation(
    rotation: str,
    *,
    rotation_args: Mapping[str, Any] | None,
    normalize: bool | None,
    target: Any,
    names: Sequence[str],
    n_factors: int,
) -> Rotation:
    """Check a rotation with all of its choices."""
    check_option("rotation", rotation, (*ROTATIONS, *ALIASES))
    name = ALIASES.get(rotation, rotation)
    check_option("normalize", normalize, (None, True, False))
    if normalize and name == "none":
        raise OptionError("normalize=True belongs to a rotation; rotation='none' has none.")
    return Rotation(
        name=name,  # type: ignore[arg-type]  # checked above
        normalize=name in NORMALIZED if normalize is None else normalize,
        target=_target(name, target, names, n_factors),
        **_arguments(name, rotation_args, len(names), n_factors),
    )


def check_starts(n_starts: int | None, rotation: Rotation) -> int:
    """Check the number of starts, or choose one for a rotation."""
    if n_starts is not None and rotation.name == "none":
        raise OptionError("n_starts= are starts of a rotation; rotation='none' has none.")
    if n_starts is None:
        return STARTS.get(rotation.name, MANY_STARTS)
    return check_count("n_starts", n_starts)


def _arguments(
    name: str, given: Mapping[str, Any] | None, n_items: int, n_factors: int
) -> dict[str, Any]:
    known = dict(ARGUMENTS.get(name, {}))
    if given is not None and not isinstance(given, Mapping):
        raise OptionError(f"rotation_args={given!r} must be a mapping, as {{'gamma': 0.5}}.")
    for key, value in (given or {}).items():
        if key not in known:
            offered = listed(known) if known else "none"
            raise OptionError(
                f"rotation_args has '{key}', which rotation='{name}' does not take. It takes: "
                f"{offered}."
            )
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not np.isfinite(value):
            raise OptionError(f"rotation_args: {key}={value!r} must be a number, and finite.")
        known[key] = float(value)
    if "delta" in known and not known["delta"] > 0:
        raise OptionError(f"rotation_args: delta={known['delta']!r} must be greater than 0.")
    if "power" in known and not known["power"] > 1:
        raise OptionError(f"rotation_args: power={known['power']!r} must be greater than 1.")
    if "gamma" in known and not known["gamma"] <= 1:
        raise OptionError(
            f"rotation_args: gamma={known['gamma']!r} must not exceed 1; beyond it, and often "
            "below, factors fall together. 0 or less is the usual choice."
        )
    if "n_small" in known:
        small = known["n_small"] or n_items
        if small != int(small) or not 1 <= small < n_items * n_factors or n_factors == 1:
            if n_factors > 1 or given:
                raise OptionError(
                    f"rotation_args: n_small={small!r} must be a whole number from 1 to "
                    f"{n_items * n_factors - 1}: how many of the loadings are to be near zero."
                )
            small = n_items
        known["n_small"] = int(small)
    return known


def _target(name: str, target: Any, names: Sequence[str], n_factors: int) -> FloatArray | None:
    """Bring a target to an array, items in the order of the data."""
    wants = name in ("target_orthogonal", "target_oblique")
    if target is None:
        if wants:
            raise OptionError(
                f"rotation='{name}' needs target=: loadings to rotate towards, items × factors, "
                "NaN where a loading is free."
            )
        return None
    if not wants:
        raise OptionError(f"target= belongs to the target rotations, not to rotation='{name}'.")
    if isinstance(target, pd.DataFrame):
        frame = target.set_axis([str(i) for i in target.index], axis=0)
        missing = [item for item in names if item not in frame.index]
        if missing and not isinstance(target.index, pd.RangeIndex):
            raise DataError(f"target= has no row for the item(s) {listed(missing)}.")
        target = frame.loc[list(names)] if not missing else frame
        if target.index.has_duplicates:
            raise DataError("target= has an item in several rows.")
    try:
        values = np.asarray(target, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            "target= holds values that are not numbers; NaN marks a free one."
        ) from None
    if values.shape != (len(names), n_factors):
        raise DataError(
            f"target= has shape {values.shape}; expected {(len(names), n_factors)}, items × "
            "factors."
        )
    if np.isinf(values).any():
        raise DataError("target= holds infinite values; NaN marks a free loading.")
    given = (~np.isnan(values)).sum(axis=0)
    needed = n_factors - 1
    enough = (
        (given >= needed).all()
        if name == "target_oblique"
        else (given.sum() >= n_factors * needed / 2)
    )
    if not enough:
        rule = (
            f"at least {needed} in every column"
            if name == "target_oblique"
            else f"at least {n_factors * needed // 2} in all"
        )
        raise DataError(f"target= specifies too few loadings to fix the factors: {rule} needed.")
    return values
