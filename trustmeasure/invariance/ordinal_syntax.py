"""Models of ordered items over groups or waves, written out in lavaan's syntax from a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from trustmeasure.invariance.ordinal_plans import Measures, Plan


def over_groups(measures: Measures, plan: Plan, n_groups: int) -> str:
    """Write one model with a modifier for each group; equal parameters share a label."""
    lines = []
    numbers = {item: place for place, item in enumerate(measures.items, start=1)}

    def every(label: str) -> str:
        return f"c({', '.join([label] * n_groups)})*"

    def later(first: str) -> str:
        return f"c({', '.join([first, *['NA'] * (n_groups - 1)])})*"

    for f, (factor, own) in enumerate(measures.factors.items(), start=1):
        terms = [
            (every(f"load_{f}_{numbers[item]}") if plan.loadings[factor, item] else "") + item
            for item in own
        ]
        lines.append(f"{factor} =~ {' + '.join(terms)}")
        if plan.variances[factor]:
            lines.append(f"{factor} ~~ {later('1')}{factor}")
        if plan.means[factor]:
            lines.append(f"{factor} ~ {later('0')}1")
    for item, number in numbers.items():
        if item in measures.categories:
            terms = [
                (every(f"cut_{number}_{k}") if same else "") + f"t{k}"
                for k, same in enumerate(plan.thresholds[item], start=1)
            ]
            lines.append(f"{item} | {' + '.join(terms)}")
            if plan.intercepts[item] == "free":
                lines.append(f"{item} ~ {later('0')}1")
            if plan.scales[item]:
                lines.append(f"{item} {_scale(measures)} {later('1')}{item}")
            continue
        if plan.intercepts[item] == "equal":
            lines.append(f"{item} ~ {every(f'int_{number}')}1")
        if not plan.scales[item]:
            lines.append(f"{item} ~~ {every(f'res_{number}')}{item}")
    lines += [f"{a} ~~ {b}" for a, b in measures.pairs]
    return "\n".join(lines)


def over_waves(
    measures: Measures,
    plan: Plan,
    columns: Mapping[str, Sequence[str]],
    suffixes: Sequence[str],
    *,
    residual_covariances: bool,
) -> str:
    """Write one model of the wide data, with the items and factors of every wave."""
    lines = []
    numbers = {item: place for place, item in enumerate(measures.items, start=1)}
    for place, end in enumerate(suffixes):
        for f, (factor, own) in enumerate(measures.factors.items(), start=1):
            terms = [
                (f"load_{f}_{numbers[item]}*" if plan.loadings[factor, item] else "")
                + columns[item][place]
                for item in own
            ]
            name = f"{factor}.{end}"
            lines.append(f"{name} =~ {' + '.join(terms)}")
            if place and plan.variances[factor]:
                lines.append(f"{name} ~~ NA*{name}")
            if place and plan.means[factor]:
                lines.append(f"{name} ~ NA*1")
        for item, number in numbers.items():
            lines += _item_of_wave(measures, plan, item, number, columns[item][place], place)
        lines += [f"{columns[a][place]} ~~ {columns[b][place]}" for a, b in measures.pairs]
    if residual_covariances:
        for item in measures.items:
            lines += [f"{a} ~~ {b}" for a, b in combinations(columns[item], 2)]
    return "\n".join(lines)


def _item_of_wave(
    measures: Measures, plan: Plan, item: str, number: int, column: str, place: int
) -> list[str]:
    lines = []
    if item in measures.categories:
        terms = [
            (f"cut_{number}_{k}*" if same else "") + f"t{k}"
            for k, same in enumerate(plan.thresholds[item], start=1)
        ]
        lines.append(f"{column} | {' + '.join(terms)}")
        if place and plan.intercepts[item] == "free":
            lines.append(f"{column} ~ NA*1")
        if place and plan.scales[item]:
            lines.append(f"{column} {_scale(measures)} NA*{column}")
        return lines
    if plan.intercepts[item] == "equal":
        lines.append(f"{column} ~ int_{number}*1")
    if not plan.scales[item]:
        lines.append(f"{column} ~~ res_{number}*{column}")
    return lines


def _scale(measures: Measures) -> str:
    return "~~" if measures.theta else "~*~"


__all__ = ["over_groups", "over_waves"]
