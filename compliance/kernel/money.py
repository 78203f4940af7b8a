"""Money: whole minor units and a currency. Never a float."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Final

FILE: Final = "currencies.txt"
USUAL_PLACES: Final = 2


def _read() -> Iterator[tuple[str, int, str]]:
    """Yield each currency of the data file: code, decimal places, name."""
    for line in (resources.files(__package__) / FILE).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, places, name = line.split(" ", 2)
            yield code, int(places), name


_KNOWN: Final = tuple(_read())
NAMES: Final = {code: name for code, _, name in _KNOWN}
EXPONENTS: Final = {code: places for code, places, _ in _KNOWN if places != USUAL_PLACES}
CURRENCIES: Final = frozenset(NAMES)
MAX_MINOR_UNITS: Final = 10**15


class MoneyError(ValueError):
    """An amount or currency that cannot be accepted; the message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, pence, yen) of an ISO 4217 currency."""

    minor: int
    currency: str

    def __str__(self) -> str:
        """Return the amount as people write it: ``1,250.50 GBP``."""
        return f"{self.amount:,.{exponent(self.currency)}f} {self.currency}"

    @property
    def amount(self) -> decimal.Decimal:
        """The amount in major units, exact."""
        return decimal.Decimal(self.minor).scaleb(-exponent(self.currency))


def exponent(currency: str) -> int:
    """Return how many decimal places *currency* has."""
    return EXPONENTS.get(currency, USUAL_PLACES)


def parse_minor(text: str, currency: str) -> int:
    """Return *text* (``1,250.50``) in minor units; raises :class:`MoneyError` with a sentence for the reader."""
    if currency not in CURRENCIES:
        message = f"“{currency}” is not a currency we know. Use a three-letter code such as GBP, EUR or USD."
        raise MoneyError(message)
    try:
        amount = decimal.Decimal(text.replace(",", "").strip())
    except decimal.InvalidOperation:
        amount = decimal.Decimal("NaN")
    if not amount.is_finite():
        message = f"“{text[:40]}” is not an amount. Write it like 1250.50."
        raise MoneyError(message)
    if abs(amount) > MAX_MINOR_UNITS:
        message = "The amount is too large to be real. Check the number of zeros."
        raise MoneyError(message)
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        message = f"{currency} has {exponent(currency)} decimal places; “{text[:40]}” has more."
        raise MoneyError(message)
    return int(scaled)
