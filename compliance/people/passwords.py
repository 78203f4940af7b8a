"""Passwords: argon2id, long rather than complicated, and none that everybody tries first (NIST SP 800-63B)."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_ALONE: Final = 15
MIN_WITH_SECOND_FACTOR: Final = 8
MAX_LENGTH: Final = 128
# 19 MiB, two passes, one lane: the least that OWASP's storage guidance accepts for argon2id.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What a stranger's guess is held against, so that an unknown address takes the same work as a known one.
_NOBODY: Final = _hasher.hash("nobody has this password")
# What everybody tries first, and what these are made of; a password that is only a run of them is refused.
COMMON_PARTS: Final = (
    "password", "passwort", "qwerty", "qwertz", "azerty", "asdfgh", "zxcvbn", "letmein", "welcome", "iloveyou",
    "administrator", "admin", "dragon", "monkey", "sunshine", "princess", "football", "baseball", "superman", "batman",
    "master", "shadow", "michael", "jennifer", "jordan", "trustno1", "whatever", "starwars", "computer", "internet",
    "changeme", "secret", "default", "correcthorsebatterystaple", "countersign", "compliance", "freelance",
    "enterprise", "contractor", "company", "abc", "test", "login", "hello", "summer", "winter", "spring", "autumn",
)  # fmt: skip


class PasswordError(ValueError):
    """A password that cannot be accepted; the message says why and what would do."""


def check(password: str, *, second_factor: bool, about: tuple[str, ...] = ()) -> str:
    """Return *password* normalised (NFC); raises :class:`PasswordError`. *about* holds the person's own words."""
    text = unicodedata.normalize("NFC", password)
    if len(text) < least(second_factor=second_factor):
        raise PasswordError(
            f"Use at least {least(second_factor=second_factor)} characters; a short sentence is easy to remember."
        )
    if len(text) > MAX_LENGTH:
        raise PasswordError(f"Use at most {MAX_LENGTH} characters.")
    if _is_guessable(text.casefold(), tuple(word.casefold() for word in about if len(word) > 2)):  # noqa: PLR2004 - initials
        raise PasswordError(
            "That is among the passwords that are tried first. Choose words that nobody connects to you."
        )
    return text


def least(*, second_factor: bool) -> int:
    """Return how many characters a password has at least."""
    return MIN_WITH_SECOND_FACTOR if second_factor else MIN_ALONE


def hashed(password: str) -> str:
    """Return the argon2id hash to store."""
    return _hasher.hash(unicodedata.normalize("NFC", password))


def matches(stored: str | None, password: str) -> bool:
    """Tell whether *password* is the one behind *stored*; an account without one takes the same time to refuse."""
    try:
        _hasher.verify(stored or _NOBODY, unicodedata.normalize("NFC", password[: MAX_LENGTH + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _is_guessable(text: str, about: tuple[str, ...]) -> bool:
    rest = text
    for part in sorted((*COMMON_PARTS, *about), key=len, reverse=True):
        rest = rest.replace(part, "")
    letters = [c for c in rest if c.isalpha()]
    return len(set(text)) < 4 or (len(letters) < 3 and len(rest) < len(text)) or _is_run(text)  # noqa: PLR2004 - too few to guess wrong


def _is_run(text: str) -> bool:
    """Tell whether each character follows the one before it: ``123456…``, ``abcdef…``."""
    return len({ord(b) - ord(a) for a, b in pairwise(text)}) == 1
