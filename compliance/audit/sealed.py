"""Personal values in the record: the event holds a commitment, a side row holds the value and can be erased.

The commitment is SHA-256 over a domain, a random salt and the canonical value; without the salt it cannot be guessed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DOMAIN: Final = b"audit-sealed/1\0"
SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value that must be erasable: free text, a name, an address."""

    value: Any


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens one commitment: where it stands in the entry, the salt, and the value."""

    path: str
    salt: bytes
    value: Any


def seal(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Opening]]:
    """Return *document* with each :class:`Sealed` value replaced by its commitment, and the openings."""
    openings: list[Opening] = []
    closed = _seal(document, (), openings)
    return closed, openings


def commitment(salt: bytes, value: object) -> str:
    """Return the base64 commitment to *value* under *salt*."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(hashlib.sha256(DOMAIN + salt + text.encode()).digest()).decode()


def _seal(value: Any, path: tuple[str, ...], openings: list[Opening]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Sealed):
        if value.value is None or value.value == "":
            return value.value
        salt = secrets.token_bytes(SALT_BYTES)
        openings.append(Opening("/".join(path), salt, value.value))
        return {"$sealed": commitment(salt, value.value)}
    if isinstance(value, Mapping):
        return {key: _seal(item, (*path, key), openings) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_seal(item, (*path, str(index)), openings) for index, item in enumerate(value)]
    return value
