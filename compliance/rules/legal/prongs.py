"""One prong of a test that needs them all: whether it is met, has failed or is open, and what would change that."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from compliance.rules.finding import to_line
from compliance.rules.legal.balance import Balance
from compliance.rules.legal.model import EVEN, STRONGEST, THOUSAND, Answers, Combining, Standing
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.scoring import DECIMALS, FactorScorer, Scored, rounded
from compliance.rules.legal.search import MOST_CHANGES, Step, Way

_MAX_KEPT: Final = 20_000
_SAID: Final = {
    Standing.MET: "is met",
    Standing.FAILED: "is not met",
    Standing.OPEN: "is open",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """Where a prong stands. ``score`` is in thousandths; ``could`` tells where one more answer could bring it."""

    standing: Standing
    score: int | None
    scored: Scored
    line: str
    text: str
    could: tuple[tuple[int, int, frozenset[Standing]], ...]
    routes: Routes[Standing]


class Prong:
    """Judges one prong. Keeps no answers beyond the closed lists of its questions."""

    def __init__(self, scorer: FactorScorer, combining: Combining, keys: Sequence[str]) -> None:
        self.scorer = scorer
        self.factor = scorer.factor
        self.combining = combining
        self.balance = Balance([scorer], combining, keys)
        self._leanings: Mapping[str, Mapping[str, int]] = dict(zip(scorer.keys, scorer.leanings, strict=True))
        self._order = dict(zip(scorer.keys, scorer.order, strict=True))
        special = scorer.keys if self.factor.any_of else (*self.factor.settled_by, *self.factor.met_only_if)
        self._special = tuple(dict.fromkeys(special))
        self._steps = {key: frozenset(leanings.values()) for key, leanings in self._leanings.items()}
        self._sums: dict[tuple[int, int], tuple[Standing, int | None]] = {}
        self._kept: dict[tuple[str | None, ...], Judged] = {}

    def judge(self, answers: Answers) -> Judged:
        """Judge the prong."""
        values = tuple(map(answers.get, self.scorer.keys))
        kept = self._kept.get(values)
        if kept is None:
            kept = self._judge_afresh(answers)
            if len(self._kept) < _MAX_KEPT:
                self._kept[values] = kept
        return kept

    def _judge_afresh(self, answers: Answers) -> Judged:
        own = {key: answers[key] for key in self.scorer.keys if key in answers}
        standing, score = self.stand(own)
        scored = self.scorer.score(own)
        given = [
            (place, own[key], self._leanings[key][own[key]]) for place, key in enumerate(self.scorer.keys) if key in own
        ]
        text = self._text(standing, score, given)
        number = "null" if score is None else DECIMALS[score]
        line = f'{scored.line},"standing":{to_line(standing)},"judged":{number},"why":{to_line(text)}}}'
        could = tuple(self._could(own, score))
        return Judged(standing, score, scored, line, text, could, self.routes(own, standing, MOST_CHANGES, frozenset()))

    def stand(self, answers: Answers) -> tuple[Standing, int | None]:
        """Tell where the prong stands, and at which score."""
        if self.factor.any_of:
            return self._best_limb(answers)
        for key, standings in self.factor.settled_by.items():
            settled = standings.get(answers.get(key, ""))
            if settled is not None:
                return self._allowed(settled, answers), THOUSAND if settled is Standing.MET else -THOUSAND
        leanings = [self._leanings[key][answers[key]] for key in self.scorer.keys if key in answers]
        standing, score = self._stand_at(len(leanings), sum(leanings))
        return self._allowed(standing, answers), score

    def _stand_at(self, count: int, total: int) -> tuple[Standing, int | None]:
        """Tell where so many answers that together lean so far bring the prong, before what else it needs."""
        kept = self._sums.get((count, total))
        if kept is None:
            unit = self.scorer.weight * EVEN // count if count else 0
            kept = self.balance.stand_at(unit * total, self.scorer.weight if count else 0, None)
            self._sums[count, total] = kept
        return kept

    def _allowed(self, standing: Standing, answers: Answers) -> Standing:
        only_if = self.factor.met_only_if
        if standing is Standing.MET and only_if and not any(answers.get(k) in v for k, v in only_if.items()):
            return Standing.OPEN
        return standing

    def _best_limb(self, answers: Answers) -> tuple[Standing, int | None]:
        leanings = [self._leanings[key][answers[key]] for key in self.scorer.keys if key in answers]
        if not leanings:
            return Standing.OPEN, None
        best = rounded(max(leanings) * THOUSAND, STRONGEST)
        if best >= self.combining.upper:
            return Standing.MET, best
        failed = best <= self.combining.lower and len(leanings) == len(self.scorer.keys)
        return Standing.FAILED if failed else Standing.OPEN, best

    def _text(self, standing: Standing, score: int | None, given: list[tuple[int, str, int]]) -> str:
        if score is None:
            return f"{self.factor.title}: {_SAID[standing]}, because none of its questions is answered."
        said = self.scorer.said(given)
        return f"{self.factor.title}: {_SAID[standing]} ({DECIMALS[score]}). {said[0].upper()}{said[1:]}."

    def _could(self, answers: Answers, score: int | None) -> Iterator[tuple[int, int, frozenset[Standing]]]:
        given = [leanings[answers[key]] for key, leanings in self._leanings.items() if key in answers]
        count, total = len(given) + 1, sum(given)
        settled = any(answers.get(key) in standings for key, standings in self.factor.settled_by.items())
        alike: dict[frozenset[int], tuple[int, frozenset[Standing]]] = {}
        for key, leanings in self._leanings.items():
            if key in answers:
                continue
            if settled or key in self._special:
                told = _reached([self.stand({**answers, key: value}) for value in leanings], score)
            else:
                # Of the others only the leanings count, so that those with the same ones lead to the same.
                steps = self._steps[key]
                told = alike.get(steps) or _reached(
                    [
                        (self._allowed(standing, answers), after)
                        for standing, after in [self._stand_at(count, total + one) for one in steps]
                    ],
                    score,
                )
                alike[steps] = told
            yield self._order[key], *told

    def routes(self, answers: Answers, now: Standing, most: int, locked: frozenset[str]) -> Routes[Standing]:
        """Find the smallest changes that bring the prong to another standing."""
        routes: Routes[Standing] = Routes()
        held = frozenset(self._special) | locked
        for way, changed in self._assignments(answers, most, locked):
            if way.steps:
                routes.add(self.stand(changed)[0], way)
            if self.factor.any_of or any(changed.get(k) in v for k, v in self.factor.settled_by.items()):
                continue
            self._by_sum(routes, changed, way, most - len(way.steps), held)
        routes.drop(now)
        return routes

    def _by_sum(self, routes: Routes[Standing], answers: Answers, way: Way, most: int, held: frozenset[str]) -> None:
        found = self.balance.weigh(answers)
        if not found.enough or not most:
            return
        for standing, first, last in found.ranges:
            if first <= found.sum <= last:
                continue
            for more in self.balance.reach(answers, found, (first - found.sum, last - found.sum), most, held):
                steps = tuple(sorted((*way.steps, *more.steps)))
                routes.add(self._allowed(standing, answers), Way(way.effect + more.effect, steps))

    def _assignments(self, answers: Answers, most: int, locked: frozenset[str]) -> Iterator[tuple[Way, dict[str, str]]]:
        """Every way to answer the questions that do more than add to the sum, the answers given coming first."""
        free = [key for key in self._special if key in answers and key not in locked]
        for chosen in itertools.product(*[[answers[key], *self._others(key, answers[key])] for key in free]):
            changes = {key: value for key, value in zip(free, chosen, strict=True) if value != answers[key]}
            if len(changes) <= most:
                steps = sorted(Step(self._order[key], answers[key], value) for key, value in changes.items())
                effect = sum(self._leanings[key][v] - self._leanings[key][answers[key]] for key, v in changes.items())
                yield Way(effect, tuple(steps)), {**answers, **changes}

    def _others(self, key: str, given: str) -> list[str]:
        return [value for value in self._leanings[key] if value != given]


def _reached(led: list[tuple[Standing, int | None]], score: int | None) -> tuple[int, frozenset[Standing]]:
    """Return how far the score could move at most, and where it could bring the prong."""
    now = score or 0
    return max([abs((after or 0) - now) for _, after in led]), frozenset([standing for standing, _ in led])
