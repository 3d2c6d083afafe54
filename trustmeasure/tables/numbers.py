"""Numbers as APA style prints them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

MINUS = "−"
NOT_AVAILABLE = "—"


def is_missing(value: Any) -> bool:
    """Tell whether there is no number: None, NA or NaN."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def number(value: Any, digits: int = 2) -> str:
    """Write a number that may exceed 1, as "3.40"; a dash where there is none."""
    if is_missing(value):
        return NOT_AVAILABLE
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{abs(value):,.{digits}f}"
    negative = value < 0 and round(value, digits) != 0
    return (MINUS if negative else "") + text


def bounded(value: Any, digits: int = 2) -> str:
    """Write a number that cannot exceed 1, without the zero before its point: ".87"."""
    return (
        number(value, digits).replace("0.", ".", 1)
        if _below_one(value, digits)
        else number(value, digits)
    )


def _below_one(value: Any, digits: int) -> bool:
    return not is_missing(value) and round(abs(float(value)), digits) < 1


def count(value: Any) -> str:
    """Write a whole number with commas between thousands."""
    if is_missing(value):
        return NOT_AVAILABLE
    return f"{round(float(value)):,}".replace("-", MINUS)


def p_value(value: Any) -> str:
    """Write a probability with three places, ".034", or "< .001"."""
    if is_missing(value):
        return NOT_AVAILABLE
    if float(value) < 0.001:
        return "< .001"
    return bounded(value, 3)


def p_statement(value: Any) -> str:
    """Give what follows the letter *p*: " = .034", or " < .001"."""
    text = p_value(value)
    return f" {text}" if text.startswith("<") else f" = {text}"


def percent(share: Any, digits: int = 0) -> str:
    """Write a share (0–1) as a percentage."""
    if is_missing(share):
        return NOT_AVAILABLE
    return f"{number(100 * float(share), digits)}%"


def interval(low: Any, high: Any, *, digits: int = 2, unit: bool = True) -> str:
    """Write confidence limits in brackets; ``unit`` for quantities that cannot exceed 1."""
    if is_missing(low) or is_missing(high):
        return NOT_AVAILABLE
    write = bounded if unit else number
    return f"[{write(low, digits)}, {write(high, digits)}]"


def level(conf_level: Any) -> str:
    """Write a confidence level as "95%"."""
    value = 0.95 if is_missing(conf_level) else float(conf_level)
    return f"{100 * value:.6g}%"
