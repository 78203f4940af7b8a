"""What is let through the door before anything looks at it: whose host, which size, what encoding, from which site.

Each refusal is raised before a view or the check of the form's token runs, so that it costs next to nothing.
"""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, current_app, g, request
from werkzeug.exceptions import MethodNotAllowed

from compliance.engine.errors import EngineError
from compliance.kernel.db import READING_METHODS
from compliance.settings import Settings

MAX_BODY_BYTES: Final = 1024 * 1024
# Files come as multipart; what is no file in it may not be larger than any other body.
MAX_UPLOAD_BYTES: Final = 16 * 1024 * 1024
MAX_PARTS: Final = 1_000
MAX_ADDRESS: Final = 8 * 1024
API: Final = "/api/"
# Asked by the machines around the installation, which know its numbers but not its name.
FOR_MACHINES: Final = frozenset({"healthz", "readyz"})


class UnknownHostError(EngineError):
    """The request names a host that is not ours."""

    status = 400
    code = "host"


class AddressError(EngineError):
    """The address cannot be read."""

    status = 400
    code = "address"


class AddressTooLongError(EngineError):
    """The address is longer than any of ours."""

    status = 414
    code = "address_too_long"


class TooManyPartsError(EngineError):
    """The form has more fields than any of ours."""

    status = 413
    code = "too_many_parts"


class NotTextError(EngineError):
    """The form is not text in UTF-8."""

    status = 400
    code = "not_text"


class EncodedError(EngineError):
    """The body is compressed."""

    status = 415
    code = "encoded"


class OtherSiteError(EngineError):
    """Another site made the browser send this."""

    status = 403
    code = "other_site"


def install(app: Flask) -> None:
    """Stand at the door of *app*; call it before anything else looks at its requests."""
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES, MAX_FORM_PARTS=MAX_PARTS)
    app.before_request(_admit)
    app.context_processor(lambda: {"request_id": g.get("request_id")})


def _admit() -> None:
    g.request_id = secrets.token_hex(8)
    _refuse_unknown_hosts()
    _refuse_odd_addresses()
    if isinstance(request.routing_exception, MethodNotAllowed):
        return
    if request.method not in READING_METHODS:
        _refuse_other_sites()
        _refuse_odd_bodies()


def _refuse_unknown_hosts() -> None:
    settings: Settings = current_app.config["SETTINGS"]
    if settings.hosts and request.endpoint not in FOR_MACHINES:
        name = urlsplit(f"//{request.host}").hostname
        if name not in settings.hosts:
            raise UnknownHostError("This desk is not known under that name. Use the address that you were given.")


def _refuse_odd_addresses() -> None:
    query = request.query_string
    if len(request.path) + len(query) > MAX_ADDRESS:
        raise AddressTooLongError("The address is longer than any of ours. Go back to the page before and try again.")
    if not _is_text(query) or b"%00" in query:
        raise AddressError("The address holds what is not text in UTF-8. Go back to the page before and try again.")


def _refuse_other_sites() -> None:
    """Refuse what a browser says another site sent; the form's token is checked besides."""
    if request.path.startswith(API):
        return  # It takes tokens only, which no other site can make a browser send.
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"} or (origin is not None and urlsplit(origin).netloc != request.host):
        raise OtherSiteError("This was sent from another site. Open the page here and send it again.")


def _refuse_odd_bodies() -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise EncodedError("The body is compressed. Send it as it is.")
    if request.path.startswith(API):
        return  # It reads its bodies itself.
    if request.mimetype == "multipart/form-data":
        request.max_content_length = MAX_UPLOAD_BYTES
    elif request.mimetype == "application/x-www-form-urlencoded" and not _is_text(request.get_data()):
        raise NotTextError("The form holds what is not text in UTF-8. Go back, type it again and send it.")
    if sum(len(values) for _, values in request.form.lists()) > MAX_PARTS:
        raise TooManyPartsError(f"The form has more than {MAX_PARTS} fields. Send less at once.")


def _is_text(encoded: bytes) -> bool:
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True
