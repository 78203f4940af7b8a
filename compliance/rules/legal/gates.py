"""The gates before the factors: which one fires, and which changes of answers would make another one fire."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from compliance.rules.legal.model import THOUSAND, Answers, Effect, Gate
from compliance.rules.legal.search import MOST_CHANGES, Step
from compliance.rules.model import Outcome

_MAX_KEPT: Final = 20_000

FACTORS: Final = -1
"""Stands for the factors in a plan: no gate fires."""


@dataclass(frozen=True, slots=True)
class Led:
    """Changes of answers and the gate that would then fire, by its place (or ``FACTORS``)."""

    steps: tuple[Step, ...]
    gate: int


@dataclass(frozen=True, slots=True)
class Asking:
    """An open question of a gate: its part of the gate's whole effect, and the gates to which an answer leads."""

    order: int
    moves: int
    leads: frozenset[int]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which gate fires, what else could, and what is open; ``packed`` remembers the latter as it is sorted."""

    gate: int
    ways: tuple[Led, ...]
    asking: tuple[Asking, ...]
    packed: dict[Outcome, list[int]] = field(default_factory=dict)


class Gates:
    """Reads the gates in their order. Keeps no answers beyond the closed lists of their questions."""

    def __init__(
        self,
        gates: Sequence[Gate],
        keys: Sequence[str],
        options: Mapping[str, Sequence[str]],
        shared: frozenset[str],
        context: frozenset[str],
    ) -> None:
        self.gates = tuple(gates)
        self._order = {key: place for place, key in enumerate(keys)}
        self._options = options
        self._shared = shared
        self._context = context
        self.keys = tuple(dict.fromkeys(key for gate in gates for key in gate.questions))
        self._kept: dict[tuple[str | None, ...], Plan] = {}

    def plan(self, answers: Answers) -> Plan:
        """Work out which gate fires and what could make another one fire."""
        values = tuple(map(answers.get, self.keys))
        kept = self._kept.get(values)
        if kept is None:
            own = {key: value for key, value in zip(self.keys, values, strict=True) if value is not None}
            kept = Plan(self.fires(own), tuple(self._ways(own)), tuple(self._asking(own)))
            if len(self._kept) < _MAX_KEPT:
                self._kept[values] = kept
        return kept

    def fires(self, answers: Answers) -> int:
        """Find the first gate that fires."""
        return next((place for place, gate in enumerate(self.gates) if gate.fires(answers)), FACTORS)

    def _ways(self, answers: dict[str, str]) -> Iterator[Led]:
        """Every change that leads to another gate and has no change too many, those of shared questions always.

        A change of a shared question also moves a factor, so that it may be part of a way though it fires no gate.
        """
        live = [key for key in self.keys if key in answers and key not in self._context and self._matters(key, answers)]
        led: dict[tuple[Step, ...], int] = {(): self.fires(answers)}
        for size in range(1, MOST_CHANGES + 1):
            for chosen in itertools.combinations(live, size):
                for values in itertools.product(*[self._others(key, answers[key]) for key in chosen]):
                    steps = tuple(
                        sorted(Step(self._order[k], answers[k], v) for k, v in zip(chosen, values, strict=True))
                    )
                    gate = self.fires({**answers, **dict(zip(chosen, values, strict=True))})
                    led[steps] = gate
                    if self._needed(steps, gate, led):
                        yield Led(steps, gate)

    def _matters(self, key: str, answers: Answers) -> bool:
        return key in self._shared or any(
            key in gate.questions and (gate.fires(answers) or self._unmet(gate, answers) <= MOST_CHANGES)
            for gate in self.gates
        )

    def _unmet(self, gate: Gate, answers: Answers) -> int:
        """Count the changes that the gate needs; more than can be made where a condition has no answer to change."""
        if gate.effect is Effect.APPLIES_IF:
            return 1
        wrong = [key for key, allowed in gate.all_of.items() if answers.get(key) not in allowed]
        barred = [key for key, spared in gate.unless.items() if answers.get(key) in spared]
        if any(key not in answers or key in self._context for key in (*wrong, *barred)):
            return MOST_CHANGES + 1
        return len(wrong) + len(barred)

    def _others(self, key: str, given: str) -> list[str]:
        """The other answers to try: all of a shared question, else one for each set of conditions that it fulfils."""
        if key in self._shared:
            return [value for value in self._options[key] if value != given]
        seen = {self._signature(key, given)}
        found: list[str] = []
        for value in self._options[key]:
            signature = self._signature(key, value)
            if signature not in seen:
                seen.add(signature)
                found.append(value)
        return found

    def _signature(self, key: str, value: str) -> tuple[bool, ...]:
        nothing: frozenset[str] = frozenset()
        return tuple(
            value in allowed.get(key, nothing) for gate in self.gates for allowed in (gate.all_of, gate.unless)
        )

    def _needed(self, steps: tuple[Step, ...], gate: int, led: Mapping[tuple[Step, ...], int]) -> bool:
        shared = {self._order[key] for key in self._shared if key in self._order}
        for step in steps:
            fewer = tuple(one for one in steps if one is not step)
            if step.order not in shared and led.get(fewer) == gate:
                return False
            if step.order in shared and gate != FACTORS and led.get(fewer) == gate:
                return False
        return gate != led[()] or all(step.order in shared for step in steps)

    def _asking(self, answers: dict[str, str]) -> Iterator[Asking]:
        here = self.fires(answers)
        before = self.gates if here == FACTORS else self.gates[: here + 1]
        for key in self.keys:
            if key in answers:
                continue
            moves = max((self._moves(key, gate, answers) for gate in before), default=0)
            leads = frozenset(self.fires({**answers, key: value}) for value in self._options[key]) - {here}
            if moves or leads:
                yield Asking(self._order[key], moves, leads)

    def _moves(self, key: str, gate: Gate, answers: Answers) -> int:
        if key not in gate.questions:
            return 0
        if gate.effect is Effect.APPLIES_IF:
            return THOUSAND
        blocked = any(k in answers and answers[k] not in allowed for k, allowed in gate.all_of.items())
        if blocked or any(answers.get(k) in spared for k, spared in gate.unless.items()):
            return 0
        missing = sum(k not in answers for k in gate.all_of)
        if key in gate.all_of:
            return THOUSAND // missing
        return THOUSAND if not missing else 0
