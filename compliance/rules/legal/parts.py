"""Combining the ways to move each part of a test into ways to move the whole."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence

from compliance.rules.legal.model import Standing
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.search import Step, Way
from compliance.rules.model import Outcome

Judge = Callable[[tuple[Standing, ...]], Outcome]
Sizes = tuple[tuple[tuple[Standing, int], ...], ...]
"""For each part where it can be brought, and by how many changes; it stands where it takes none."""

_PLANS_KEPT = 20_000
_STAY = [Way(0, ())]


def combined(
    stands: Sequence[Standing], routes: Sequence[Routes[Standing]], judge: Judge, most: int
) -> Routes[Outcome]:
    """Combine the ways to move each part into ways to move the whole."""
    found: Routes[Outcome] = Routes()
    ways: list[Mapping[Standing, list[Way]]] = []
    sizes: list[tuple[tuple[Standing, int], ...]] = []
    for now, route in zip(stands, routes, strict=True):
        led = {end: route.get(end) for end in route.ends()}
        led[now] = _STAY
        ways.append(led)
        sizes.append(tuple([(end, len(ends[0].steps)) for end, ends in led.items()]))
    for outcome, moves in _smallest(tuple(stands), tuple(sizes), judge, most):
        for moved in moves:
            for parts in itertools.product(*[ways[place][end] for place, end in moved]):
                steps: list[Step] = []
                effect = 0
                for part in parts:
                    steps += part.steps
                    effect += abs(part.effect)
                steps.sort()
                found.add(outcome, Way(effect, tuple(steps)))
    return found


@functools.lru_cache(maxsize=_PLANS_KEPT)
def _smallest(
    stands: tuple[Standing, ...], sizes: Sizes, judge: Judge, most: int
) -> tuple[tuple[Outcome, tuple[tuple[tuple[int, Standing], ...], ...]], ...]:
    """Say for each other outcome which parts are to be moved where, so that the fewest answers change.

    All ways of a part to one end are of one size, so that the sizes alone decide which of them are worth joining.
    """
    here = judge(stands)
    fewest: dict[Outcome, tuple[int, list[tuple[tuple[int, Standing], ...]]]] = {}
    for led in itertools.product(*sizes):
        outcome = judge(tuple([end for end, _ in led]))
        size = sum([changes for _, changes in led])
        if outcome is here or size > most:
            continue
        known = fewest.get(outcome)
        moved = tuple([(place, end) for place, (end, changes) in enumerate(led) if changes])
        if known is None or size < known[0]:
            fewest[outcome] = (size, [moved])
        elif size == known[0]:
            known[1].append(moved)
    return tuple((outcome, tuple(moves)) for outcome, (_, moves) in fewest.items())
