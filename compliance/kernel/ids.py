"""Identifiers: time-ordered ids for rows, short references for people, secrets for machines."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from typing import Final

# Crockford's base 32: no I, L, O, U, so that a reference read over the telephone survives.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH: Final = 8

_lock = threading.Lock()
_last = [0, 0]


def new_id() -> uuid.UUID:
    """Return a UUIDv7 (RFC 9562); within one process each is greater than the one before, also within a millisecond."""
    with _lock:
        now_ms = max(time.time_ns() // 1_000_000, _last[0])
        counter = _last[1] + 1 if now_ms == _last[0] else secrets.randbits(11)
        if counter >= 1 << 12:
            now_ms, counter = now_ms + 1, 0
        _last[0], _last[1] = now_ms, counter
    value = (now_ms << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | secrets.randbits(62)
    return uuid.UUID(int=value)


def new_reference(prefix: str) -> str:
    """Return a public reference such as ``OF-7K3M9QXD``: random, so that one says nothing about the next."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))}"


def clean_reference(text: str) -> str:
    """Return *text* as a reference is written: upper case, with the letters people confuse put right."""
    upper = text.strip().upper()
    prefix, dash, rest = upper.partition("-")
    return prefix + dash + rest.translate(str.maketrans("OIL", "011"))


def as_id(text: str | None) -> uuid.UUID | None:
    """Return the id that *text* writes, or ``None``: the record names in words what is no person."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


def new_secret(prefix: str = "") -> str:
    """Return *prefix* and 256 random bits, safe in addresses and headers."""
    return prefix + secrets.token_urlsafe(32)
