"""What the pages behind mailed links share: guesses are limited, and every link that opens nothing looks the same."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, make_response, render_template, request

from compliance.engine.errors import EngineError
from compliance.kernel.db import READING_METHODS
from compliance.people import session
from compliance.web import transaction


class TooManyLinksError(EngineError):
    """Somebody tries links out."""

    status = 429
    code = "too_many_links"
    retry_after = int(session.SHORT_WINDOW.total_seconds())


def refuse_guessers() -> None:
    """Raise :class:`TooManyLinksError` for an address from which too many wrong links came."""
    if session.too_many_guesses(_guesser(), request.remote_addr):
        raise TooManyLinksError("Too many wrong links came from your network. Wait five minutes, then try again.")


def gone() -> tuple[Response, int]:
    """Return the one page for links that are used, revoked, too old or made up, and count the guess."""
    reads = request.method in READING_METHODS
    if not reads:
        transaction.keep()
    session.note_guess(_guesser(), request.remote_addr, apart=reads)
    return hidden(render_template("people/gone.html")), HTTPStatus.GONE


def hidden(page: str) -> Response:
    """Return *page* so that no further request names its address, which is a secret."""
    response = make_response(page)
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _guesser() -> str:
    return f"link:{request.remote_addr}"
