"""The smallest changes of answers that move a sum into a range, found without trying every combination.

Every question moves the sum by its own amount, whatever the others say. So the most that k changes can do is what the k
strongest do, and if that is not too much, the strongest sets are found by looking at the first five questions alone.
Only where the strongest would overshoot are all sets gone through, cut off as soon as they can no longer arrive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

LISTED: Final = 3
"""How many sets are listed for each outcome."""

MOST_CHANGES: Final = 3
"""The most answers that are changed at once."""

ENDLESS: Final = 1 << 80

SHIFT: Final = 1 << 12
"""Packs an effect and the order of its question into one number, which sorts quickly: stronger first, then earlier."""

STRONGEST_KEPT: Final = 5
"""Among the five strongest questions lie the three strongest sets of up to three."""


class Step(NamedTuple):
    """One answer that would be different."""

    order: int
    given: str
    instead: str


class Way(NamedTuple):
    """Changes that together lead somewhere; ``effect`` is how far they move the sum and only sorts them."""

    effect: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A question whose answer may be changed: how far each other answer moves the sum."""

    order: int
    given: str
    others: tuple[tuple[int, str], ...]


def pack(effect: int, order: int) -> int:
    """Pack a positive effect with its question."""
    return effect * SHIFT + (SHIFT - 1 - order)


def order_of(packed: int) -> int:
    """Read the question out of a packed effect."""
    return SHIFT - 1 - packed % SHIFT


def strongest(candidates: Sequence[int], low: int, high: int, most: int) -> list[tuple[int, ...]] | None:
    """Find the strongest of the smallest sets whose effects add up to at least *low*.

    The candidates are packed and sorted, one a question. An empty list means that no set is enough; ``None`` that the
    strongest would go beyond *high*, so that the quick way does not answer the question.
    """
    total = 0
    for size, one in enumerate(candidates[:most], start=1):
        total += one // SHIFT
        if total < low:
            continue
        return None if total > high else _leading(candidates, size, low, total)
    return []


def _leading(candidates: Sequence[int], size: int, low: int, total: int) -> list[tuple[int, ...]]:
    """Pick the strongest sets of a size, given what the head of the list adds up to.

    The head is the strongest. Next comes the head with its weakest replaced by the one that follows; then either its
    last but one is replaced, or the weakest by the one after.
    """
    if size == 1:
        return [(one,) for one in candidates[:LISTED] if one // SHIFT >= low]
    head = tuple(candidates[:size])
    if len(candidates) == size:
        return [head]
    follower = candidates[size]
    second = total + follower // SHIFT - head[-1] // SHIFT
    if second < low:
        return [head]
    found = [head, (*head[:-1], follower)]
    third = total + follower // SHIFT - head[-2] // SHIFT
    if len(candidates) > size + 1 and second - follower // SHIFT + candidates[size + 1] // SHIFT > third:
        if second - follower // SHIFT + candidates[size + 1] // SHIFT >= low:
            found.append((*head[:-1], candidates[size + 1]))
    elif third >= low:
        found.append((*head[:-2], head[-1], follower))
    return found


def every(choices: Sequence[Choice], low: int, high: int, most: int) -> list[Way]:
    """Go through all changes for the smallest sets whose effects add up to between *low* and *high*.

    One set is handed back for each set of questions: the one that moves the sum furthest.
    """
    sign = 1 if low > 0 else -1
    for size in range(1, most + 1):
        best: dict[tuple[int, ...], Way] = {}
        for way in _single(choices, low, high) if size == 1 else _sets(choices, low, high, size):
            questions = tuple([step.order for step in way.steps])
            if questions not in best or best[questions].effect * sign < way.effect * sign:
                best[questions] = way
        if best:
            return sorted(best.values(), key=lambda way: (-way.effect * sign, way.steps))[:LISTED]
    return []


def _single(choices: Sequence[Choice], low: int, high: int) -> Iterator[Way]:
    for choice in choices:
        for effect, instead in choice.others:
            if low <= effect <= high:
                yield Way(effect, (Step(choice.order, choice.given, instead),))


def _sets(choices: Sequence[Choice], low: int, high: int, size: int) -> Iterator[Way]:
    ups = [max((effect for effect, _ in choice.others), default=0) for choice in choices]
    downs = [min((effect for effect, _ in choice.others), default=0) for choice in choices]
    most_up, most_down = max(ups, default=0), min(downs, default=0)

    def go(start: int, left: int, total: int, steps: tuple[Step, ...]) -> Iterator[Way]:
        if not left:
            if low <= total <= high:
                yield Way(total, steps)
            return
        if total + left * max(most_up, 0) < low or total + left * min(most_down, 0) > high:
            return
        for place in range(start, len(choices)):
            choice = choices[place]
            for effect, instead in choice.others:
                yield from go(place + 1, left - 1, total + effect, (*steps, Step(choice.order, choice.given, instead)))

    return go(0, size, 0, ())
