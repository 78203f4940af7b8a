"""Reading one JSON object that somebody sent, whatever it is: no depth, no number and no name twice does harm."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 32
# Strings as a whole, so that brackets inside them do not count; one that never ends runs to the end, and only once.
_TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotAnObjectError(ValueError):
    """The text is no JSON object that can be taken; the message says why, without its subject: “is not JSON: …”."""


def read_object(text: str) -> dict[str, Any]:
    """Return *text* as an object; raises :class:`NotAnObjectError` that says where it cannot be read.

    Numbers with a fraction come as :class:`~decimal.Decimal`, so that no digit is lost.
    """
    _refuse_depth(text)
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise NotAnObjectError(f"is not JSON: look at line {error.lineno}, column {error.colno}.") from None
    except NotAnObjectError:
        raise
    except ValueError:  # Python's own limit on the digits of a whole number.
        raise NotAnObjectError("holds a number with too many digits.") from None
    if not isinstance(found, dict):
        raise NotAnObjectError("must be one JSON object: {…}.")
    return found


def _refuse_depth(text: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotAnObjectError(f"nests deeper than {MAX_DEPTH} levels.")
        elif first in "]}":
            depth -= 1


def _refuse_constant(name: str) -> NoReturn:
    raise NotAnObjectError(f"is not JSON: {name} is not a number that JSON knows.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotAnObjectError("names a member twice. Send each once.")
    return found
