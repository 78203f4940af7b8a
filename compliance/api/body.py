"""Reading a JSON object that somebody sent, whatever it is. What cannot be read is refused before anything is done."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from compliance.api.problems import BadRequestError, NotJsonError, TooLargeError

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32
# Strings as a whole, so that brackets inside them do not count; one that never ends runs to the end, and only once.
_TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def read() -> bytes:
    """Return the body's bytes; raises :class:`NotJsonError` and :class:`TooLargeError`. An empty body is ``{}``."""
    mimetype, charset = request.mimetype, request.mimetype_params.get("charset", "utf-8").lower()
    encoded = request.headers.get("Content-Encoding", "identity").lower() != "identity"
    if encoded or (mimetype and mimetype != "application/json") or charset not in {"utf-8", "utf8"}:
        _not_json()
    request.max_content_length = MAX_BYTES
    try:
        raw = request.get_data()
    except RequestEntityTooLarge:
        raise TooLargeError(f"The body is larger than {MAX_BYTES // 1024} KiB. Send less in one request.") from None
    if raw and not mimetype:
        _not_json()
    return raw


def parse(raw: bytes) -> dict[str, Any]:
    """Return *raw* as an object; raises :class:`BadRequestError` that says where it cannot be read.

    Numbers with a fraction come as :class:`~decimal.Decimal`, so that no digit is lost.
    """
    try:
        text = raw.decode() or "{}"
    except UnicodeDecodeError as error:
        raise BadRequestError(f"The body is not UTF-8: byte {error.start + 1} cannot be read.") from None
    _refuse_depth(text)
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise BadRequestError(f"The body is not JSON: look at line {error.lineno}, column {error.colno}.") from None
    except ValueError:  # Python's own limit on the digits of a whole number.
        raise BadRequestError("The body holds a number with too many digits.") from None
    if not isinstance(found, dict):
        raise BadRequestError("The body must be one JSON object: {…}.")
    return found


def _refuse_depth(text: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise BadRequestError(f"The body nests deeper than {MAX_DEPTH} levels.")
        elif first in "]}":
            depth -= 1


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequestError(f"The body is not JSON: {name} is not a number that JSON knows.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadRequestError("The body names a member twice. Send each once.")
    return found


def _not_json() -> NoReturn:
    raise NotJsonError("Send the body as application/json in UTF-8, not compressed.")
