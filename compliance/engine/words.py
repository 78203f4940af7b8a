"""Finding cases by the words of their title, of their people and of their reference, through an index of words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from compliance.engine.case import Case, CaseWord
from compliance.engine.move import Move
from compliance.kernel.db import table
from compliance.kernel.ids import ALPHABET, REFERENCE_LENGTH, clean_reference

MOST_WORDS: Final = 40
MOST_SOUGHT: Final = 5
LONGEST_WORD: Final = 40
# No character sorts behind it, so that a beginning and this close the range of all words that begin so.
LAST: Final = chr(0x10FFFF)
_WORD: Final = re.compile(r"[^\W_]+")
_REFERENCE: Final = re.compile(r"[A-Z]{1,6}-[0-9A-Z]*")


def keep(move: Move) -> None:
    """Write under which words the case is found, when they may have changed."""
    case = move.case
    if case.audit_rev and sa.inspect(case).unmodified.issuperset(move.workflow.found_by):
        return
    found = of(case.reference, (str(getattr(case, name) or "") for name in move.workflow.found_by))
    move.session.execute(sa.delete(table(CaseWord)).where(CaseWord.case_id == case.id))
    move.session.execute(sa.insert(table(CaseWord)), [{"word": word, "case_id": case.id} for word in found])


def of(reference: str, texts: Iterable[str]) -> list[str]:
    """Return the words under which a case with *reference* and *texts* is found."""
    whole = reference.lower()
    found = dict.fromkeys((whole, whole.partition("-")[2], *(word for text in texts for word in split(text))))
    return [word for word in found if word][:MOST_WORDS]


def split(text: str) -> list[str]:
    """Return the words of *text* as they are compared: small letters, without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return [word[:LONGEST_WORD] for word in _WORD.findall(plain)]


def sought(text: str) -> list[str]:
    """Return the words that *text* asks for; what is written like a reference is one."""
    reference = clean_reference(text)
    return [reference.lower()] if _REFERENCE.fullmatch(reference) else split(text)[:MOST_SOUGHT]


def matching(text: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a case has, for each word of *text*, a word that begins with it."""
    found = sought(text)
    if not found:
        return [sa.false()]
    return [Case.id.in_(sa.select(CaseWord.case_id).where(begins(word))) for word in found]


def begins(word: str) -> sa.ColumnElement[bool]:
    """Return the condition that a word of a case begins with *word*."""
    return sa.and_(CaseWord.word >= word, CaseWord.word < word + LAST)


def near(text: str) -> list[str]:
    """Return every reference that *text* may have been meant to be, with one letter wrong, missing or too many."""
    prefix, dash, rest = clean_reference(text).partition("-")
    if not dash or abs(len(rest) - REFERENCE_LENGTH) > 1 or not set(rest) <= set(ALPHABET):
        return []
    heads = [(rest[:at], rest[at:]) for at in range(len(rest) + 1)]
    if len(rest) < REFERENCE_LENGTH:
        meant = {head + letter + tail for head, tail in heads for letter in ALPHABET}
    elif len(rest) > REFERENCE_LENGTH:
        meant = {head + tail[1:] for head, tail in heads if tail}
    else:
        meant = {head + letter + tail[1:] for head, tail in heads if tail for letter in ALPHABET}
        meant |= {head + tail[1] + tail[0] + tail[2:] for head, tail in heads if len(tail) > 1}
    return [f"{prefix}-{one}" for one in sorted(meant - {rest})]
