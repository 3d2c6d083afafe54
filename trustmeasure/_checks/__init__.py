"""The one door: whatever a user passes in becomes a persons × items array here.

Frames of any kind that narwhals knows, NumPy arrays, `Scores` and `Responses` all enter
through `as_items` (or `as_grouped`, where persons sit in clusters). Everything behind
the door may assume finite floats with NaN for missing, unique names, and enough of both
persons and items.
"""

from trustmeasure._checks.frames import as_frame, as_label
from trustmeasure._checks.items import (
    FloatArray,
    GroupedItems,
    Items,
    as_grouped,
    as_items,
    dropped_note,
    listwise,
    one_scale,
    refuse_constant,
)
from trustmeasure._checks.options import (
    as_rng,
    check_count,
    check_level,
    check_option,
    listed,
    near,
)

__all__ = [
    "FloatArray",
    "GroupedItems",
    "Items",
    "as_frame",
    "as_grouped",
    "as_items",
    "as_label",
    "as_rng",
    "check_count",
    "check_level",
    "check_option",
    "dropped_note",
    "listed",
    "listwise",
    "near",
    "one_scale",
    "refuse_constant",
]
