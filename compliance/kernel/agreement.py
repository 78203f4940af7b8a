"""Agreement of two raters beyond chance: Cohen's kappa of any number of categories, with its interval.

Kappa: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960).
Its large-sample standard error: J. L. Fleiss, J. Cohen and B. S. Everitt, "Large sample standard errors of kappa and
weighted kappa", Psychological Bulletin 72 (1969), formula 13 for kappa without weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# The normal quantile of an interval that holds the true value 95 times of 100.
QUANTILE: Final = 1.959963984540054
# Below this the standard error, which is one of large samples, is a rough guide only.
FEW: Final = 30

Pairs = Mapping[tuple[str, str], int]
"""How often the first rater said one thing and the second another (or the same)."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What comes of a table of pairs. ``kappa`` and what goes with it are ``None`` where they are not defined.

    ``observed`` is the share of pairs that agree, ``expected`` the share that would agree by chance. ``note`` says in
    words what the figures cannot bear.
    """

    pairs: int
    agreeing: int
    observed: float | None = None
    expected: float | None = None
    kappa: float | None = None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


def agreement(pairs: Pairs) -> Agreement:
    """Return how far two raters agree beyond chance; raises ``ValueError`` for a count below nothing."""
    if any(count < 0 for count in pairs.values()):
        message = "nothing is counted less often than never"
        raise ValueError(message)
    total = sum(pairs.values())
    agreeing = sum(count for (one, other), count in pairs.items() if one == other)
    if not total:
        return Agreement(0, 0, note="Nothing to compare.")
    first, second = _margins(pairs, total)
    observed = agreeing / total
    expected = sum(share * second[category] for category, share in first.items())
    if len({category for pair, count in pairs.items() if count for category in pair}) == 1:
        note = "Only one outcome was ever found, so chance alone would explain it."
        return Agreement(total, agreeing, observed, expected, note=note)
    kappa = (observed - expected) / (1 - expected)
    if agreeing == total:
        note = "Every pair agrees, so an interval cannot be told."
        return Agreement(total, agreeing, observed, expected, kappa, note=note)
    if 1 in {round(share, 12) for shares in (first, second) for share in shares.values()}:
        note = "One of the two only ever found one outcome, so an interval cannot be told."
        return Agreement(total, agreeing, observed, expected, kappa, note=note)
    error = math.sqrt(max(0.0, _variance(pairs, total, observed, expected)))
    low, high = max(-1.0, kappa - QUANTILE * error), min(1.0, kappa + QUANTILE * error)
    note = f"Fewer than {FEW} pairs: the interval is a rough guide." if total < FEW else ""
    return Agreement(total, agreeing, observed, expected, kappa, error, low, high, note)


def _margins(pairs: Pairs, total: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the share of each category in what either rater said."""
    first = {category: 0.0 for pair in pairs for category in pair}
    second = dict(first)
    for (one, other), count in pairs.items():
        first[one] += count / total
        second[other] += count / total
    return first, second


def _variance(pairs: Pairs, total: int, observed: float, expected: float) -> float:
    """Return the large-sample variance of kappa (Fleiss, Cohen and Everitt 1969)."""
    first, second = _margins(pairs, total)
    within = between = 0.0
    for (one, other), count in pairs.items():
        share = count / total
        if one == other:
            within += share * ((1 - expected) - (first[one] + second[one]) * (1 - observed)) ** 2
        else:
            between += share * (second[one] + first[other]) ** 2
    centre = (observed * expected - 2 * expected + observed) ** 2
    return (within + (1 - observed) ** 2 * between - centre) / (total * (1 - expected) ** 4)
