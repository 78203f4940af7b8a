"""Factors that are weighed together: their balance, where it stands, and what would move it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from compliance.rules.legal.model import EVEN, STRONGEST, THOUSAND, Answers, Combining, Standing, TieBreaker
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.scoring import FactorScorer, Scored, rounded
from compliance.rules.legal.search import (
    ENDLESS,
    SHIFT,
    STRONGEST_KEPT,
    Step,
    Way,
    every,
    strongest,
)
from compliance.rules.model import Outcome

NOTHING_LOCKED: Final[frozenset[str]] = frozenset()
SIDE: Final = {Outcome.INDEPENDENT_CONTRACTOR: Standing.MET, Outcome.EMPLOYEE: Standing.FAILED}

Ranges = tuple[tuple[Standing, int, int], ...]

_EVERYWHERE_OPEN: Final[Ranges] = ((Standing.OPEN, -ENDLESS, ENDLESS),)


class Weighed(NamedTuple):
    """Where the balance stands. ``sum`` and ``weight`` are its two whole numbers, ``tie`` what the tie-breaker says."""

    scored: tuple[Scored, ...]
    sum: int
    weight: int
    enough: bool
    tie: Outcome | None
    standing: Standing
    ranges: Ranges

    @property
    def balance(self) -> int | None:
        """The balance in thousandths, rounded only to be shown."""
        return _shown(self.sum, self.weight)


class Balance:
    """Several factors under one pair of thresholds."""

    def __init__(
        self,
        scorers: Sequence[FactorScorer],
        combining: Combining,
        keys: Sequence[str],
        tie_options: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.scorers = tuple(scorers)
        self.keys = tuple(keys)
        self.tie_breaker: TieBreaker | None = combining.tie_breaker
        self._tie_options = tie_options or {}
        self.combining = combining
        self.possible = sum(one.weight for one in self.scorers if one.keys)
        self.needed = -(-self.possible * combining.least_answered // THOUSAND)
        self._ranges: dict[tuple[int, Outcome | None], Ranges] = {}
        self._steps: dict[tuple[int, str, bool], Step] = {}
        self._here: dict[tuple[Standing, int, Outcome | None], tuple[int, int] | None] = {}
        self._held: dict[frozenset[str], frozenset[int]] = {}
        self._last: tuple[object, bool, frozenset[str], list[int]] = (None, False, NOTHING_LOCKED, [])
        self._ends = {
            self.keys.index(key): (options[least], options[most])
            for one in self.scorers
            for key, leanings in zip(one.keys, one.leanings, strict=True)
            for options in [list(leanings)]
            for values in [list(leanings.values())]
            for least, most in [(values.index(min(values)), values.index(max(values)))]
        }

    def weigh(self, answers: Answers) -> Weighed:
        """Weigh what is answered."""
        scored = tuple([one.score(answers) for one in self.scorers])
        total = weight = 0
        for one in scored:
            total += one.effect
            weight += one.weight
        tie = self._tie(answers)
        if not weight or weight < self.needed:
            return Weighed(scored, total, weight, False, tie, Standing.OPEN, _EVERYWHERE_OPEN)  # noqa: FBT003 - the fields stand in their order
        ranges = self.ranges(weight, tie)
        return Weighed(scored, total, weight, True, tie, _standing(ranges, total), ranges)  # noqa: FBT003 - as above

    def stand(self, answers: Answers) -> tuple[Standing, int | None]:
        """Tell standing and balance alone, as :meth:`weigh` has them: for asking where answers would lead."""
        total = weight = 0
        for one in self.scorers:
            effect, added = one.pull(answers)
            total += effect
            weight += added
        return self.stand_at(total, weight, self._tie(answers))

    def stand_at(self, total: int, weight: int, tie: Outcome | None) -> tuple[Standing, int | None]:
        """Tell standing and balance of a sum."""
        if not weight or weight < self.needed:
            return Standing.OPEN, _shown(total, weight)
        return _standing(self.ranges(weight, tie), total), _shown(total, weight)

    def _tie(self, answers: Answers) -> Outcome | None:
        if self.tie_breaker is None:
            return None
        return self.tie_breaker.results.get(answers.get(self.tie_breaker.question, ""))

    def ranges(self, weight: int, tie: Outcome | None) -> Ranges:
        """Say from which sum to which the balance stands where, given the weight that is answered."""
        kept = self._ranges.get((weight, tie))
        if kept is None:
            kept = self._ranges[weight, tie] = self._ranges_afresh(weight, tie)
        return kept

    def _ranges_afresh(self, weight: int, tie: Outcome | None) -> Ranges:
        whole = STRONGEST * EVEN * weight
        upper = -(-self.combining.upper * whole // THOUSAND)
        lower = self.combining.lower * whole // THOUSAND
        if tie is None or self.tie_breaker is None:
            return _three(lower, upper)
        within = self.tie_breaker.within * whole
        first, last = -within // THOUSAND + 1, -(-within // THOUSAND) - 1
        if tie is Outcome.INDEPENDENT_CONTRACTOR:
            upper = min(upper, first)
            lower = min(lower, upper - 1)
        else:
            lower = max(lower, last)
            upper = max(upper, lower + 1)
        return _three(lower, upper)

    def routes(
        self, answers: Answers, found: Weighed, most: int, locked: frozenset[str] = NOTHING_LOCKED
    ) -> Routes[Standing]:
        """Find the smallest changes that lead elsewhere."""
        routes: Routes[Standing] = Routes()
        self._by_sum(routes, answers, found, Way(0, ()), most, locked)
        for way, tie in self._other_ties(answers, locked) if most and found.enough else ():
            ranges = self.ranges(found.weight, tie)
            routes.add(_standing(ranges, found.sum), way)
            led = Weighed(found.scored, found.sum, found.weight, True, tie, _standing(ranges, found.sum), ranges)  # noqa: FBT003 - as above
            self._by_sum(routes, answers, led, way, most - 1, locked)
        routes.drop(found.standing)
        return routes

    def _other_ties(self, answers: Answers, locked: frozenset[str]) -> list[tuple[Way, Outcome | None]]:
        breaker = self.tie_breaker
        given = answers.get(breaker.question) if breaker else None
        if breaker is None or given is None or breaker.question in locked:
            return []
        order = self.keys.index(breaker.question)
        return [
            (Way(0, (Step(order, given, other),)), breaker.results.get(other))
            for other in self._tie_options[breaker.question]
            if other != given
        ]

    def _by_sum(
        self, routes: Routes[Standing], answers: Answers, found: Weighed, before: Way, most: int, locked: frozenset[str]
    ) -> None:
        if not most:
            return
        for standing, first, last in found.ranges:
            if first <= found.sum <= last:
                continue
            ways = self.reach(answers, found, (first - found.sum, last - found.sum), most, locked)
            if before.steps:
                for way in ways:
                    routes.add(standing, Way(before.effect + way.effect, (*before.steps, *way.steps)))
            else:
                routes.add_sorted(standing, ways)

    def reach(
        self, answers: Answers, found: Weighed, span: tuple[int, int], most: int, locked: frozenset[str]
    ) -> list[Way]:
        """Find the smallest changes that move the sum by something within the span."""
        low, high = span
        up = low > 0
        near, far = (low, high) if up else (-high, -low)
        quick = strongest(self._candidates(found, locked, up=up), near, far, most)
        if quick is None:
            choices = [choice for one in self.scorers for choice in one.choices(answers, locked)]
            return every(choices, low, high, most)
        return [self._way(answers, chosen, up=up) for chosen in quick]

    def _candidates(self, found: Weighed, locked: frozenset[str], *, up: bool) -> list[int]:
        """The strongest changes one way, kept for the next question, which is mostly about the same balance."""
        kept_for, kept_up, kept_locked, kept = self._last
        if kept_for is found.scored and kept_up is up and kept_locked is locked:
            return kept
        packed: list[int] = []
        for one in found.scored:
            packed += one.ups if up else one.downs
        packed.sort(reverse=True)
        best = self._free(packed, locked) if locked else packed[:STRONGEST_KEPT]
        self._last = (found.scored, up, locked, best)
        return best

    def _free(self, packed: list[int], locked: frozenset[str]) -> list[int]:
        """Take the strongest whose questions are not locked."""
        held = self._held.get(locked)
        if held is None:
            held = self._held[locked] = frozenset(place for place, key in enumerate(self.keys) if key in locked)
        best: list[int] = []
        for one in packed:
            if SHIFT - 1 - one % SHIFT not in held:
                best.append(one)
                if len(best) == STRONGEST_KEPT:
                    break
        return best

    def _way(self, answers: Answers, chosen: tuple[int, ...], *, up: bool) -> Way:
        effect, steps = 0, []
        for one in chosen:
            effect += one // SHIFT
            order = SHIFT - 1 - one % SHIFT
            steps.append(self._step(order, answers[self.keys[order]], up=up))
        if len(steps) > 1:
            steps.sort()
        return Way(effect if up else -effect, tuple(steps))

    def _step(self, order: int, given: str, *, up: bool) -> Step:
        kept = self._steps.get((order, given, up))
        if kept is None:
            kept = self._steps[order, given, up] = Step(order, given, self._ends[order][up])
        return kept

    def here(self, standing: Standing, weight: int, tie: Outcome | None) -> tuple[int, int] | None:
        """Say from which sum to which the balance stands there, at a weight; ``None`` if it never does."""
        key = (standing, weight, tie)
        if key not in self._here:
            self._here[key] = self._here_afresh(standing, weight, tie)
        return self._here[key]

    def _here_afresh(self, standing: Standing, weight: int, tie: Outcome | None) -> tuple[int, int] | None:
        if not weight or weight < self.needed:
            return (-ENDLESS, ENDLESS) if standing is Standing.OPEN else None
        return next(((first, last) for one, first, last in self.ranges(weight, tie) if one is standing), None)

    def standing_if(self, found: Weighed, moved: int, added: int) -> Standing:
        """Where the balance would stand if the sum moved and weight were added."""
        weight = found.weight + added
        if not weight or weight < self.needed:
            return Standing.OPEN
        return _standing(self.ranges(weight, found.tie), found.sum + moved)


def _shown(total: int, weight: int) -> int | None:
    """Return the balance in thousandths."""
    return rounded(total * THOUSAND, STRONGEST * EVEN * weight) if weight else None


def _three(lower: int, upper: int) -> Ranges:
    found = ((Standing.FAILED, -ENDLESS, lower), (Standing.OPEN, lower + 1, upper - 1), (Standing.MET, upper, ENDLESS))
    return tuple([one for one in found if one[1] <= one[2]])


def _standing(ranges: Ranges, total: int) -> Standing:
    for standing, _, last in ranges:
        if total <= last:
            return standing
    raise AssertionError("the ranges cover every sum")
