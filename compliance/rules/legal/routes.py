"""Collecting the smallest changes that lead to each of several ends."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from compliance.rules.legal.search import LISTED, Step, Way

End = TypeVar("End", bound=Hashable)
Other = TypeVar("Other", bound=Hashable)


class Routes(Generic[End]):
    """For each end the smallest sets of changes that were found, the strongest first; longer ones are dropped."""

    def __init__(self) -> None:
        self.ways: dict[End, list[Way]] = {}
        self._sorted: set[End] = set()

    def add(self, end: End, way: Way) -> None:
        """Keep a way if none with fewer changes is known."""
        known = self.ways.get(end)
        if known is None or len(known[0].steps) > len(way.steps):
            self.ways[end] = [way]
            self._sorted.discard(end)
        elif len(known[0].steps) == len(way.steps):
            known.append(way)
            self._sorted.discard(end)

    def add_sorted(self, end: End, ways: list[Way]) -> None:
        """Keep several ways of one length that are sorted already."""
        if ways and end not in self.ways:
            self.ways[end] = ways
            self._sorted.add(end)
        else:
            for way in ways:
                self.add(end, way)

    def drop(self, end: End) -> None:
        """Forget the ways to an end: it is where we stand."""
        self.ways.pop(end, None)

    def get(self, end: End) -> list[Way]:
        """List the ways to an end, the strongest first, one for each set of questions."""
        known = self.ways.get(end, [])
        if end in self._sorted:
            return known
        if len(known) > 1:
            known = _strongest(known)
            # Whatever is added later is weaker than all of them or takes the place of one, so the others can go.
            self.ways[end] = [*known]
        self._sorted.add(end)
        return known

    def renamed(self, names: Mapping[End, Other]) -> Routes[Other]:
        """Call the ends by other names."""
        other: Routes[Other] = Routes()
        other.ways = {names[end]: ways for end, ways in self.ways.items()}
        other._sorted = {names[end] for end in self._sorted}
        return other

    def take_over(self, other: Routes[End]) -> None:
        """Become a copy of what another search found."""
        self.ways, self._sorted = dict(other.ways), set(other._sorted)

    def ends(self) -> list[End]:
        """Every end to which a way is known."""
        return list(self.ways)


def _strongest(ways: list[Way]) -> list[Way]:
    """Sort ways of one length, and keep the strongest of each set of questions."""
    seen: dict[tuple[int, ...], Way] = {}
    for way in sorted(ways, key=_rank):
        seen.setdefault(tuple(sorted([step.order for step in way.steps])), way)
    return list(seen.values())[:LISTED]


def _rank(way: Way) -> tuple[int, tuple[Step, ...]]:
    return -abs(way.effect), way.steps
