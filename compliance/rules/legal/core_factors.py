"""Tests in which two core factors come first."""

from __future__ import annotations

from collections.abc import Sequence

from compliance.rules.legal.balance import NOTHING_LOCKED, Balance, Weighed
from compliance.rules.legal.methods import (
    DECIDES,
    OUTCOMES,
    PLAIN,
    SPOKEN,
    Method,
    Reason,
    Verdict,
    open_in,
    pack_open,
    pulled,
    share,
    too_little,
)
from compliance.rules.legal.model import EVEN, STRONGEST, THOUSAND, Answers, Combining, Standing
from compliance.rules.legal.parts import combined
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.scoring import DECIMALS, Unanswered, rounded
from compliance.rules.legal.search import SHIFT, order_of
from compliance.rules.model import Outcome


class CoreFactors(Method):
    """Two core factors come first: where they agree they decide, and where not, the other factors are weighed."""

    def __init__(self, core: Sequence[Balance], rest: Balance, combining: Combining) -> None:
        self.core = tuple(core)
        self.rest = rest
        self.combining = combining
        self.parts = (*self.core, self.rest)
        self.possible = sum(one.possible for one in self.parts)

    def settle(self, answers: Answers) -> Verdict:
        """Weigh the core factors, each by itself, and the others together."""
        return _CoreVerdict(self, answers, tuple([part.weigh(answers) for part in self.parts]))

    def enough(self, weight: int) -> bool:
        """Whether so much weight is answered that the factors may decide."""
        return weight * THOUSAND >= self.possible * self.combining.least_answered


def core_first(standings: tuple[Standing, ...]) -> Outcome:
    """The last standing is that of the other factors."""
    *core, rest = standings
    if all(one is core[0] for one in core) and core[0] is not Standing.OPEN:
        return OUTCOMES[core[0]]
    return OUTCOMES[rest]


class _CoreVerdict(Verdict):
    def __init__(self, method: CoreFactors, answers: Answers, found: tuple[Weighed, ...]) -> None:
        self._method, self._answers, self._found = method, answers, found
        self._weight = sum(one.weight for one in found)
        self._enough = method.enough(self._weight)
        self.stands = tuple([one.standing for one in found])
        self.outcome = core_first(self.stands) if self._enough else Outcome.NEEDS_REVIEW
        total = sum(one.sum for one in found)
        self.balance = rounded(total * THOUSAND, STRONGEST * EVEN * self._weight) if self._weight else None
        self.answered = share(self._weight, method.possible)
        self.confidence = self._confidence()
        self.reasons = (self._reason(),)

    @property
    def _by_core(self) -> bool:
        core = self.stands[:-1]
        return core[0] is not Standing.OPEN and all(one is core[0] for one in core)

    def _confidence(self) -> int:
        if self.outcome is Outcome.NEEDS_REVIEW:
            return 0
        deciding = self._found[:-1] if self._by_core else self._found[-1:]
        combining = self._method.combining
        upper, lower = combining.upper, combining.lower
        met = self.outcome is Outcome.INDEPENDENT_CONTRACTOR
        distances = [one.balance - upper if met else lower - one.balance for one in deciding if one.balance is not None]
        room = PLAIN - (upper if met else -lower)
        return max(0, min(THOUSAND, min(distances) * THOUSAND // room)) * self.answered // THOUSAND

    def _reason(self) -> Reason:
        if not self._enough:
            return too_little(self.answered, self._method.combining.least_answered)
        if self._by_core:
            return Reason("core_factors", f"The core factors agree: {SPOKEN[self.outcome]}.")
        rest = self._found[-1].balance
        said = "are not answered" if rest is None else f"come to {DECIMALS[rest]}"
        return Reason("other_factors", f"The core factors do not agree; the others {said}: {SPOKEN[self.outcome]}.")

    def lines(self) -> list[str]:
        return pulled([scored for one in self._found for scored in one.scored], self._weight)

    def routes(self, most: int, locked: frozenset[str] = NOTHING_LOCKED) -> Routes[Outcome]:
        if not self._enough:
            return Routes()
        routes = [
            part.routes(self._answers, found, most, locked)
            for part, found in zip(self._method.parts, self._found, strict=True)
        ]
        return combined(self.stands, routes, core_first, most)

    def open(self) -> list[int]:
        found: list[int] = []
        for place, (part, weighed) in enumerate(zip(self._method.parts, self._found, strict=True)):
            alone = {order_of(one): one // SHIFT % DECIDES for one in open_in(part, weighed)}
            for scored in weighed.scored:
                for one in scored.unanswered:
                    decides = self._turns(place, one, scored.added)
                    orders = [order_of(packed) for packed in one.packed]
                    found += [pack_open(order, alone[order], decides=decides) for order in orders]
        return found

    def _turns(self, place: int, one: Unanswered, added: int) -> bool:
        if not self._method.enough(self._weight + added):
            return False
        part, found = self._method.parts[place], self._found[place]
        led = [part.standing_if(found, moved, added) for moved in (one.down, one.up)]
        return any(
            core_first((*self.stands[:place], standing, *self.stands[place + 1 :])) is not self.outcome
            for standing in led
        )
