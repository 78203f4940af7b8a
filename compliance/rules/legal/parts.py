"""Combining the ways to move each part of a test into ways to move the whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from compliance.rules.legal.model import Standing
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.search import Way
from compliance.rules.model import Outcome

Judge = Callable[[tuple[Standing, ...]], Outcome]


def combined(
    stands: Sequence[Standing], routes: Sequence[Routes[Standing]], judge: Judge, most: int
) -> Routes[Outcome]:
    """Combine the ways to move each part into ways to move the whole."""
    found: Routes[Outcome] = Routes()
    here = judge(tuple(stands))
    ways: list[Mapping[Standing, list[Way]]] = [
        {end: route.get(end) for end in route.ends()} | {now: [Way(0, ())]}
        for now, route in zip(stands, routes, strict=True)
    ]
    for led in itertools.product(*ways):
        outcome = judge(led)
        if outcome is here:
            continue
        for parts in itertools.product(*[way[end] for way, end in zip(ways, led, strict=True)]):
            steps = tuple(sorted(step for part in parts for step in part.steps))
            if len(steps) <= most:
                found.add(outcome, Way(sum(abs(part.effect) for part in parts), steps))
    return found
