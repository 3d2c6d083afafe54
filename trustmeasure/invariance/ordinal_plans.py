"""What each level holds equal of ordered items, and what that sets free (Wu & Estabrook, 2016).

The variable behind an ordered item has no origin and no unit of its own. Equal thresholds lend
it both: one fixes the origin, so that the intercept is free in later occasions; two fix the
unit as well, so that the residual variance (or scaling factor) is free too. One threshold fixes
the unit where intercepts are equal. Only items in a common unit have loadings that can be
compared; factors then have free variances, and, with equal intercepts, free means.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from trustmeasure._checks import listed, near
from trustmeasure.errors import OptionError

Pair = tuple[str, str]
CLASSES = ("thresholds", "loadings", "intercepts", "residuals")


@dataclass(frozen=True)
class Plan:
    """How the parameters of every occasion after the first relate to those of the first.

    Attributes
    ----------
    thresholds : dict
        Ordered item → whether each of its thresholds is equal.
    loadings : dict
        (Factor, item) → whether the loading is equal.
    intercepts : dict
        Item → "zero" (ordered items: as in the first), "free" or, of continuous items, "equal".
    scales : dict
        Item → whether the residual variance (or scaling factor) is free; of continuous items,
        whether it differs.
    variances, means : dict
        Factor → whether its variance and mean are free.
    """

    thresholds: Mapping[str, tuple[bool, ...]]
    loadings: Mapping[Pair, bool]
    intercepts: Mapping[str, str]
    scales: Mapping[str, bool]
    variances: Mapping[str, bool]
    means: Mapping[str, bool]


@dataclass(frozen=True)
class Measures:
    """A measurement model of ordered and other items.

    Attributes
    ----------
    factors : dict
        Factor → items.
    pairs : tuple of pairs
        Items whose residuals covary.
    categories : dict
        Ordered item → its answer categories, at least 2.
    theta : bool
        Residual variances are parameters, not scaling factors.
    """

    factors: Mapping[str, tuple[str, ...]]
    pairs: tuple[Pair, ...]
    categories: Mapping[str, int]
    theta: bool

    @property
    def items(self) -> tuple[str, ...]:
        """All items, each once."""
        return tuple(dict.fromkeys(item for own in self.factors.values() for item in own))

    @property
    def loaded(self) -> tuple[Pair, ...]:
        """All pairs of a factor and its item."""
        return tuple((factor, item) for factor, own in self.factors.items() for item in own)

    def thresholds(self, item: str) -> tuple[str, ...]:
        """Names of the thresholds of an item."""
        return tuple(f"{item}|t{k}" for k in range(1, self.categories.get(item, 1)))

    def names(self) -> list[str]:
        """Give the names of all parameters that may be released."""
        found = [f"{factor}=~{item}" for factor, item in self.loaded]
        for item in self.items:
            found += [*self.thresholds(item), f"{item}~1"]
            if self.theta or item not in self.categories:
                found.append(f"{item}~~{item}")
        return found

    def check(self, option: str, released: Sequence[str]) -> tuple[str, ...]:
        """Refuse names of parameters that the model does not have."""
        known = self.names()
        found = tuple("".join(name.split()) for name in released)
        for name in found:
            if name not in known:
                raise OptionError(
                    f"{option}= names '{name}', which is no parameter of the model that a level "
                    f"could hold equal. There are {listed(known)}.{near(name, known)}"
                )
        return found

    def plan(self, equal: Collection[str], released: Collection[str]) -> Plan:
        """Say what is equal and what is free, with classes held equal and single ones released."""
        gone = set(released)
        thresholds, intercepts, scales = {}, {}, {}
        shared, anchors = set(), set()
        for item in self.items:
            level = "intercepts" in equal and f"{item}~1" not in gone
            spread = "residuals" in equal and f"{item}~~{item}" not in gone
            if item not in self.categories:
                intercepts[item], scales[item] = ("equal" if level else "free"), not spread
                shared.add(item)
                anchors |= {item} if level else set()
                continue
            same = tuple(
                "thresholds" in equal and name not in gone for name in self.thresholds(item)
            )
            count = sum(same)
            unit = count >= 2 or (count == 1 and level)
            thresholds[item] = same
            intercepts[item] = "free" if count and not level else "zero"
            scales[item] = unit and not spread
            shared |= {item} if unit or spread else set()
            anchors |= {item} if level and count else set()
        loadings = {
            (factor, item): (
                "loadings" in equal and item in shared and f"{factor}=~{item}" not in gone
            )
            for factor, item in self.loaded
        }
        free = "loadings" in equal and "lv.variances" not in equal
        moved = "intercepts" in equal and "means" not in equal
        return Plan(
            thresholds=thresholds,
            loadings=loadings,
            intercepts=intercepts,
            scales=scales,
            variances={
                factor: free and any(loadings[factor, item] for item in own)
                for factor, own in self.factors.items()
            },
            means={
                factor: moved and any(
                    loadings[factor, item] or self._with_unit(item, thresholds)
                    for item in own if item in anchors
                )
                for factor, own in self.factors.items()
            },
        )  # fmt: skip

    def _with_unit(self, item: str, thresholds: Mapping[str, tuple[bool, ...]]) -> bool:
        """Whether an item shows its origin and unit by its own thresholds."""
        return item not in self.categories or sum(thresholds[item]) >= 2

    def candidates(
        self, equal: Collection[str], before: Collection[str], released: Collection[str]
    ) -> list[str]:
        """Name what a level may give up of the classes that it adds to the one before.

        Where giving up one of several comes to the same, only one of them is named: an item
        with two categories has its intercept stand for all that ties it to other occasions,
        and one with three its loading.
        """
        added = [name for name in CLASSES if name in equal and name not in before]
        found: list[str] = []
        if "thresholds" in added:
            for item, count in self.categories.items():
                found += self.thresholds(item) if count > 3 else ()
        plan = self.plan(equal, released)
        if "loadings" in added:
            found += [
                f"{factor}=~{item}"
                for factor, item in self.loaded
                if plan.loadings[factor, item] and self.categories.get(item) != 2
            ]
        if "intercepts" in added:
            found += [f"{item}~1" for item in self.items]
        if "residuals" in added:
            found += [f"{item}~~{item}" for item in self.items]
        gone = set(released)
        return [name for name in found if name not in gone]

    def leaves_enough(
        self, equal: Collection[str], released: Collection[str], name: str, least: int
    ) -> bool:
        """Whether each factor that a release concerns keeps enough invariant items.

        Two thresholds of an item stay equal, or its other parameters were not comparable.
        """
        if "~~" in name:
            return True
        item, plan = item_of(name), self.plan(equal, released)
        if "|" in name and sum(plan.thresholds[item]) < 2:
            return False
        for factor, own in self.factors.items():
            if item not in own or ("=~" in name and not name.startswith(f"{factor}=~")):
                continue
            if sum(self._invariant(plan, factor, one, equal, released) for one in own) < least:
                return False
        return True

    def _invariant(
        self,
        plan: Plan,
        factor: str,
        item: str,
        equal: Collection[str],
        released: Collection[str],
    ) -> bool:
        """Whether all that a level is about is equal of an item."""
        if "loadings" not in equal:
            return all(plan.thresholds.get(item, ()))
        level = "intercepts" not in equal or f"{item}~1" not in released
        return level and plan.loadings[factor, item]

    def opened(self, plan: Plan, names: Sequence[str]) -> tuple[Plan, dict[str, tuple[str, ...]]]:
        """Free every candidate on its own, and give the parameters that each candidate frees.

        What identifies the plan stays as it is, so that the plan's solution is among those of
        the opened one. An item with two categories frees its loadings: with thresholds and
        intercepts equal and its residual variance free, that takes it out altogether.
        """
        thresholds = {item: list(own) for item, own in plan.thresholds.items()}
        loadings, intercepts = dict(plan.loadings), dict(plan.intercepts)
        scales = dict(plan.scales)
        rows: dict[str, tuple[str, ...]] = {}
        for name in names:
            item = item_of(name)
            rows[name] = (name,)
            if "=~" in name:
                loadings[name.split("=~")[0], item] = False
            elif "|" in name:
                thresholds[item][int(name.split("|t")[1]) - 1] = False
            elif "~~" in name:
                scales[item] = True
            elif self.categories.get(item) == 2:
                own = [(factor, one) for factor, one in self.loaded if one == item]
                rows[name] = tuple(f"{factor}=~{item}" for factor, _ in own)
                loadings |= dict.fromkeys(own, False)
            else:
                intercepts[item] = "free"
        return (
            replace(
                plan,
                thresholds={item: tuple(own) for item, own in thresholds.items()},
                loadings=loadings,
                intercepts=intercepts,
                scales=scales,
            ),
            rows,
        )


def item_of(name: str) -> str:
    """Name the item that a parameter belongs to."""
    if "=~" in name:
        return name.split("=~")[1]
    return name.split("|")[0].split("~")[0]


__all__ = ["CLASSES", "Measures", "Pair", "Plan", "item_of"]
