"""Options as users give them: what is refused, and what is suggested instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from trustmeasure.errors import OptionError


def near(name: object, known: Iterable[object]) -> str:
    """Give the sentence that suggests known names close to ``name``, or an empty string."""
    options = [str(option) for option in known]
    lowered = {option.lower(): option for option in reversed(options)}
    found = difflib.get_close_matches(str(name).lower(), list(lowered), n=3, cutoff=0.6)
    if not found:
        return ""
    return " Did you mean " + " or ".join(f"'{lowered[match]}'" for match in found) + "?"


def listed(names: Iterable[object], limit: int = 12) -> str:
    """Quote names for a message, and count those that no longer fit."""
    quoted = [f"'{name}'" for name in names]
    rest = len(quoted) - limit
    return ", ".join(quoted[:limit]) + (f" and {rest} more" if rest > 0 else "")


def check_option(name: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse a value that the argument ``name`` does not offer, and list those it does."""
    if any(type(value) is type(option) and value == option for option in allowed):
        return
    raise OptionError(
        f"{name}={value!r} is not offered. Allowed: "
        + ", ".join(repr(option) for option in allowed)
        + "."
        + near(value, allowed)
    )


def check_level(name: str, value: float) -> float:
    """Refuse a probability or confidence level that is not strictly between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise OptionError(f"{name}={value!r} must be a number strictly between 0 and 1.")
    return float(value)


def check_count(name: str, value: object, *, least: int = 1) -> int:
    """Refuse anything but a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise OptionError(f"{name}={value!r} must be a whole number of at least {least}.")
    return int(value)


def as_rng(rng: Any) -> np.random.Generator:
    """Accept None, a seed, or a Generator, as NumPy does."""
    if rng is not None and not isinstance(
        rng, (int, np.integer, np.random.Generator, np.random.SeedSequence, np.random.BitGenerator)
    ):
        raise OptionError(
            f"rng={rng!r} must be None, a whole number used as seed, or a numpy.random.Generator."
        )
    if isinstance(rng, (int, np.integer)) and rng < 0:
        raise OptionError(f"rng={rng!r} is negative; a seed is a whole number from 0.")
    return np.random.default_rng(rng)
