"""Reading a JSON object that somebody sent, whatever it is. What cannot be read is refused before anything is done."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from compliance.api.problems import BadRequestError, NotJsonError, TooLargeError
from compliance.kernel.strict_json import NotAnObjectError, read_object

MAX_BYTES: Final = 1024 * 1024


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
    """Return *raw* as an object; raises :class:`BadRequestError` that says where it cannot be read."""
    try:
        return read_object(raw.decode() or "{}")
    except UnicodeDecodeError as error:
        raise BadRequestError(f"The body is not UTF-8: byte {error.start + 1} cannot be read.") from None
    except NotAnObjectError as error:
        raise BadRequestError(f"The body {error}") from None


def _not_json() -> NoReturn:
    raise NotJsonError("Send the body as application/json in UTF-8, not compressed.")
