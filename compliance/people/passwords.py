"""Passwords: argon2id, long rather than complicated, and none that everybody tries first (NIST SP 800-63B)."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_ALONE: Final = 15
MIN_WITH_SECOND_FACTOR: Final = 8
MAX_LENGTH: Final = 128
FEWEST_DIFFERENT: Final = 5
FEWEST_LETTERS: Final = 3
FEWEST_WORDS: Final = 4
FEWEST_NUMBERS: Final = 8
SHORTEST_PIECE: Final = 8
SHORTEST_WALK: Final = 4
KEYBOARDS: Final = (
    ("1234567890", "qwertyuiop", "asdfghjkl;", "zxcvbnm,./"),
    ("1234567890", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:!"),
    ("!@#$%^&*()",),
    ("789", "456", "123", "0"),
)
# Sentences that belong to everybody.
SENTENCES: Final = frozenset(
    {
        "correcthorsebatterystaple", "thequickbrownfox", "thequickbrownfoxjumpsoverthelazydog", "tobeornottobe",
        "tobeornottobethatisthequestion", "maytheforcebewithyou", "twinkletwinklelittlestar", "ithinkthereforeiam",
        "thisismypassword", "onceuponatime", "allyourbasearebelongtous", "inthebeginningwastheword",
    }
)  # fmt: skip
# Signs that people put for letters.
LOOKALIKES: Final = str.maketrans("013457@$!|+", "oleastasilt")
# Signs and letters that may stand for each other, as one of them: in one word a “1” is an “i” and the next an “l”.
ALIKE: Final = str.maketrans("0l1!|3€4@5$7+869g(<#2", "oiiiieeaassttbbbbcchz")
# Letters that people make of two signs.
BUILT: Final = (("vv", "w"), ("()", "o"), ("ph", "f"), ("|_", "l"), ("/\\", "a"), ("|<", "k"), ("|)", "d"))
# What is written in Cyrillic on a keyboard that was left at Latin, and the other way about: ``ghbdtn`` is a greeting.
CYRILLIC_KEYS: Final = str.maketrans("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm")
SHORTEST_REVERSED: Final = 5
SHORTEST_DRESSED: Final = 5  # Shorter ones turn up by chance in passwords that a machine drew.
# 19 MiB, two passes, one lane: the least that OWASP's storage guidance accepts for argon2id.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What a stranger's guess is held against, so that an unknown address takes the same work as a known one.
_NOBODY: Final = _hasher.hash("nobody has this password")


class Reading(NamedTuple):
    """One way to read a password: the letters and other signs that are nothing common, and the pieces that are."""

    letters: int
    others: int
    pieces: tuple[str, ...]


class PasswordError(ValueError):
    """A password that cannot be accepted; the message says why and what would do."""


def check(password: str, *, second_factor: bool, about: tuple[str, ...] = ()) -> str:
    """Return *password* normalised; raises :class:`PasswordError`. *about* holds the person's own words."""
    text = _normal(password)
    if len(text) < least(second_factor=second_factor):
        raise PasswordError(
            f"Use at least {least(second_factor=second_factor)} characters; a short sentence is easy to remember."
        )
    if len(text) > MAX_LENGTH:
        raise PasswordError(f"Use at most {MAX_LENGTH} characters.")
    own = frozenset(re.findall(r"\w{3,}", " ".join(about).casefold()))
    if _is_guessable(text.casefold(), own):
        raise PasswordError(
            "That is among the passwords that are tried first. Choose words that nobody connects to you."
        )
    return text


def least(*, second_factor: bool) -> int:
    """Return how many characters a password has at least."""
    return MIN_WITH_SECOND_FACTOR if second_factor else MIN_ALONE


def hashed(password: str) -> str:
    """Return the argon2id hash to store."""
    return _hasher.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Tell whether *password* is the one behind *stored*; an account without one takes the same time to refuse."""
    try:
        _hasher.verify(stored or _NOBODY, _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _normal(password: str) -> str:
    """Return *password* in the one form in which it is kept, however a keyboard composed its characters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _is_guessable(text: str, about: frozenset[str]) -> bool:
    """Tell whether *text* says nothing but what everybody tries: its own signs, and with the usual ones for letters."""
    if (
        len(set(text)) < FEWEST_DIFFERENT
        or _is_repeated(text)
        or _is_woven(text)
        or _is_woven(text.rstrip("0123456789"))
    ):
        return True
    if any(_spells(text, sentence) for sentence in SENTENCES):
        return True
    readings = {text, text.translate(LOOKALIKES), _with_built_letters(text)}
    return any(_says_nothing(reading, about) for reading in readings)


def _spells(text: str, sentence: str) -> bool:
    """Tell whether the letters of *text*, and signs that may stand for letters, are *sentence* with what is between."""
    wanted, places = sentence.translate(ALIKE), {0}
    for sign in text:
        read = sign.translate(ALIKE)
        onward = {place + 1 for place in places if place < len(wanted) and wanted[place] == read}
        places = onward if sign.isalpha() else onward | places
    return len(wanted) in places


def _with_built_letters(text: str) -> str:
    for signs, letter in BUILT:
        text = text.replace(signs, letter)
    return text


def _is_repeated(text: str) -> bool:
    """Tell whether *text* is one short piece again and again: ``abc123abc123``."""
    again = (text + text).find(text, 1)
    return again < min(len(text), SHORTEST_PIECE)


def _is_woven(text: str) -> bool:
    """Tell whether *text* is two or three walks taken in turn: ``q1w2e3r4``, ``qazwsxedc``."""
    for steps in (2, 3):
        walks = [text[start::steps] for start in range(steps)]
        if len(text) >= 2 * steps and all(_reach(walk, 0) == len(walk) for walk in walks):
            return True
    return False


def _says_nothing(text: str, about: frozenset[str]) -> bool:
    """Tell whether a few common words, walks and digits leave fewer than three letters of *text*.

    Four different words are a sentence of somebody's own, however common each of them is.
    """
    letters, others, pieces = _read(text, about)
    if letters >= FEWEST_LETTERS or len(set(pieces)) >= FEWEST_WORDS:
        return False
    only_numbers = not any(sign.isalpha() for sign in text)
    return not only_numbers or others < FEWEST_NUMBERS or len(text) < MIN_ALONE


def _read(text: str, about: frozenset[str]) -> Reading:
    """Return what is left beside what is common in *text*, in its most common reading."""
    best, about_alike = [Reading(0, 0, ())], frozenset(word.translate(ALIKE) for word in about)
    reach = [_reach(text, start) for start in range(len(text))]
    for end in range(1, len(text) + 1):
        before, letter = best[end - 1], text[end - 1].isalpha()
        readings = [Reading(before.letters + letter, before.others + (not letter), before.pieces)]
        for start in range(end):
            piece = text[start:end]
            walked = end - start >= SHORTEST_WALK and reach[start] >= end
            if walked or _is_common(piece, about) or _is_dressed_up(piece, about_alike):
                readings.append(best[start]._replace(pieces=(*best[start].pieces, piece)))
        best.append(min(readings, key=lambda found: (found.letters, found.others, len(found.pieces))))
    return best[-1]


def _is_common(piece: str, about: frozenset[str]) -> bool:
    return piece in about or (len(piece) <= _longest_word() and piece in _common_words())


def _is_dressed_up(piece: str, about_alike: frozenset[str]) -> bool:
    """Tell whether *piece* is a common word with signs for some of its letters; numbers alone are no word."""
    if (
        not SHORTEST_DRESSED <= len(piece) <= _longest_word()
        or piece.isalpha()
        or not any(sign.isalpha() for sign in piece)
    ):
        return False
    read = piece.translate(ALIKE)
    return read in about_alike or read in _common_words_alike()


def _reach(text: str, start: int) -> int:
    """Return where the walk ends that begins at *start*: over keys side by side, equal signs, and signs in order."""
    end = start + 1
    while end < len(text) and text[end] in _beside(text[end - 1]):
        end += 1
    return end


@cache
def _beside(sign: str) -> frozenset[str]:
    """Return the signs that a finger reaches next: on the keyboards of several countries, and in counting."""
    near = {sign, chr(max(ord(sign) - 1, 0)), chr(ord(sign) + 1 if ord(sign) < sys.maxunicode else 0)}
    for rows in KEYBOARDS:
        for row, keys in enumerate(rows):
            for column in (column for column, key in enumerate(keys) if key == sign):
                around = ((row, column - 1), (row, column + 1), (row - 1, column), (row - 1, column + 1),
                          (row + 1, column), (row + 1, column - 1))  # fmt: skip
                near |= {rows[r][c] for r, c in around if 0 <= r < len(rows) and 0 <= c < len(rows[r])}
    return frozenset(near)


@cache
def _common_words() -> frozenset[str]:
    lines = resources.files("compliance.people").joinpath("common_words.txt").read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if not line.startswith("#") for word in line.split()}
    backwards = {word[::-1] for word in words if len(word) >= SHORTEST_REVERSED}
    return frozenset(words | backwards | {word.translate(CYRILLIC_KEYS) for word in words})


@cache
def _common_words_alike() -> frozenset[str]:
    return frozenset(word.translate(ALIKE) for word in _common_words())


@cache
def _longest_word() -> int:
    return max(map(len, _common_words()))
