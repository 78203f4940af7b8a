"""Amounts are whole minor units of a known currency, or refused with a sentence."""

import decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.kernel.money import CURRENCIES, MAX_MINOR_UNITS, Money, MoneyError, exponent, parse_minor


@pytest.mark.parametrize(
    "text,currency,minor",
    [
        ("1,250.50", "GBP", 125_050),
        (" 7 ", "EUR", 700),
        ("900", "JPY", 900),
        ("1.234", "KWD", 1_234),
        ("-3", "USD", -300),
    ],
)
def test_an_amount_is_read_in_its_currency(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text,currency,sentence",
    [
        ("1", "XXX", "is not a currency we know"),
        ("ten", "GBP", "is not an amount"),
        ("", "GBP", "is not an amount"),
        ("NaN", "GBP", "is not an amount"),
        ("Infinity", "GBP", "is not an amount"),
        ("1e99", "GBP", "too large to be real"),
        ("1.005", "GBP", "2 decimal places"),
        ("1.5", "JPY", "0 decimal places"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(text: str, currency: str, sentence: str) -> None:
    with pytest.raises(MoneyError, match=sentence):
        parse_minor(text, currency)


@given(st.integers(-MAX_MINOR_UNITS, MAX_MINOR_UNITS), st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_that_was_written_is_read_back_exactly(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    written = str(money)
    assert written.endswith(f" {currency}")
    assert parse_minor(written.removesuffix(currency), currency) == minor
    assert money.amount == decimal.Decimal(minor).scaleb(-exponent(currency))
