"""Tests whose prongs must all be met."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from compliance.rules.legal.balance import NOTHING_LOCKED
from compliance.rules.legal.methods import Method, Reason, Verdict, pack_open, share
from compliance.rules.legal.model import THOUSAND, Answers, Combining, Standing
from compliance.rules.legal.parts import combined
from compliance.rules.legal.prongs import Judged, Prong
from compliance.rules.legal.routes import Routes
from compliance.rules.model import Outcome


class AllProngs(Method):
    """Every prong must be met; one that has failed is enough for an employee."""

    def __init__(self, prongs: Sequence[Prong], combining: Combining) -> None:
        self.prongs = tuple(prongs)
        self.combining = combining
        self.asked = sum(len(prong.scorer.keys) for prong in self.prongs)

    def settle(self, answers: Answers) -> Verdict:
        """Judge each prong."""
        return _ProngVerdict(self, answers, tuple([prong.judge(answers) for prong in self.prongs]))


def all_met(standings: tuple[Standing, ...]) -> Outcome:
    """A prong that has failed makes an employee, all met a contractor, anything else a review."""
    if Standing.FAILED in standings:
        return Outcome.EMPLOYEE
    return Outcome.NEEDS_REVIEW if Standing.OPEN in standings else Outcome.INDEPENDENT_CONTRACTOR


class _ProngVerdict(Verdict):
    def __init__(self, method: AllProngs, answers: Answers, judged: tuple[Judged, ...]) -> None:
        self._method, self._answers, self._judged = method, answers, judged
        self.stands = tuple([one.standing for one in judged])
        self.outcome = all_met(self.stands)
        self.balance = None
        self.answered = share(sum(one.scored.answered for one in judged), method.asked)
        self.confidence = self._confidence()
        self.reasons = self._reasons()

    def _confidence(self) -> int:
        combining = self._method.combining
        scores = [(one.standing, one.score) for one in self._judged if one.score is not None]
        if self.outcome is Outcome.EMPLOYEE:
            room = THOUSAND + combining.lower
            distance = max((combining.lower - s) * THOUSAND // room for st, s in scores if st is Standing.FAILED)
        elif self.outcome is Outcome.INDEPENDENT_CONTRACTOR:
            distance = min((s - combining.upper) * THOUSAND // (THOUSAND - combining.upper) for _, s in scores)
        else:
            return 0
        return max(0, min(THOUSAND, distance)) * self.answered // THOUSAND

    def _reasons(self) -> tuple[Reason, ...]:
        deciding = {
            Outcome.EMPLOYEE: Standing.FAILED,
            Outcome.NEEDS_REVIEW: Standing.OPEN,
            Outcome.INDEPENDENT_CONTRACTOR: Standing.MET,
        }[self.outcome]
        return tuple([Reason(f"prong_{deciding}", one.text) for one in self._judged if one.standing is deciding])

    def lines(self) -> list[str]:
        return [one.line for one in self._judged]

    def routes(self, most: int, locked: frozenset[str] = NOTHING_LOCKED) -> Routes[Outcome]:
        routes = [
            judged.routes
            if not locked
            else prong.routes(
                {k: self._answers[k] for k in prong.scorer.keys if k in self._answers}, judged.standing, most, locked
            )
            for prong, judged in zip(self._method.prongs, self._judged, strict=True)
        ]
        return combined(self.stands, routes, all_met, most)

    def open(self) -> list[int]:
        found: list[int] = []
        for place, judged in enumerate(self._judged):
            turning = _turning(self.stands, place)
            for order, moved, standings in judged.could:
                found.append(pack_open(order, moved, decides=not turning.isdisjoint(standings)))
        return found


@functools.cache
def _turning(stands: tuple[Standing, ...], place: int) -> frozenset[Standing]:
    """Return where one prong would have to stand for another outcome."""
    here = all_met(stands)
    others = ((one, all_met((*stands[:place], one, *stands[place + 1 :]))) for one in Standing)
    return frozenset(one for one, outcome in others if outcome is not here)
