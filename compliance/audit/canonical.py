"""Canonical bytes: what is hashed, stored, exported and verified is one and the same text.

The form is RFC 8785 narrowed so that every language sorts and prints alike: keys are plain identifiers, numbers are
whole and exact in a double, money and rates are strings, text is stored as given.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$-]*\Z")
MAX_INTEGER: Final = 2**53 - 1
MAX_BYTES: Final = 32_000
MAX_DEPTH: Final = 16
LEAF_PREFIX: Final = b"\x00"


class NotCanonicalError(ValueError):
    """A document cannot be written in canonical form; the message names the place."""


def encode(document: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of *document*; raises :class:`NotCanonicalError`."""
    _check(document, "entry", 0)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        message = "entry: a lone surrogate is not text"
        raise NotCanonicalError(message) from None
    if len(encoded) > MAX_BYTES:
        message = f"entry: {len(encoded)} bytes are more than the {MAX_BYTES} that an event may have"
        raise NotCanonicalError(message)
    return encoded


def leaf_hash(encoded: bytes) -> bytes:
    """Return the RFC 6962 hash of a leaf."""
    return hashlib.sha256(LEAF_PREFIX + encoded).digest()


def _check(value: object, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        message = f"{path}: nested deeper than {MAX_DEPTH}"
        raise NotCanonicalError(message)
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            message = f"{path}: {value} is not exact in every language"
            raise NotCanonicalError(message)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not KEY.match(key):
                message = f"{path}: the key {key!r} is not a plain identifier"
                raise NotCanonicalError(message)
            _check(item, f"{path}/{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{path}/{index}", depth + 1)
    else:
        message = f"{path}: {type(value).__name__} has no canonical form"
        raise NotCanonicalError(message)
