"""Taking words of a closed list out of an entry."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields
from compliance.rules.model import Outcome

Word = TypeVar("Word", bound=StrEnum)

DECIDED = (Outcome.INDEPENDENT_CONTRACTOR, Outcome.EMPLOYEE)


def word_of(entry: Fields, name: str, words: type[Word]) -> Word:
    """Take one of the words of an enumeration. Raises ``RuleSetError`` with what there is."""
    given = entry.text(name)
    if given not in list(words):
        raise RuleSetError(entry.place, f"{show(name)} is {show(given)}; it must be one of {', '.join(words)}.")
    return words(given)


def decided(entry: Fields, name: str) -> Outcome:
    """Take an outcome that decides. Raises ``RuleSetError`` for a review, which nothing has to ask for."""
    found = word_of(entry, name, Outcome)
    if found not in DECIDED:
        raise RuleSetError(entry.place, f"{show(name)} must be {' or '.join(DECIDED)}.")
    return found
