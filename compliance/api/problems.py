"""Refusals that only a program can meet; ``compliance.web.errors`` turns every refusal below /api into problem+json."""

from __future__ import annotations

from compliance.engine.errors import EngineError


class NoTokenError(EngineError):
    """The request does not say whose it is. A browser's session is not enough: other sites can make a browser send."""

    status = 401
    code = "token"


class ScopeError(EngineError):
    """The token was not made for this."""

    status = 403
    code = "scope"


class BadRequestError(EngineError):
    """The request cannot be read: its body, its key, its address."""

    status = 400
    code = "bad_request"


class NoSuchActionError(EngineError):
    """A case in sight has no such action: nothing is hidden by it, so it carries the request's number like others."""

    status = 404
    code = "no_such_action"


class TooLargeError(EngineError):
    """The body is larger than any form of ours can need."""

    status = 413
    code = "too_large"


class NotMultipartError(EngineError):
    """A file is to come as a browser's form sends it."""

    status = 415
    code = "not_multipart"


class NotJsonError(EngineError):
    """The body says of itself that it is something other than JSON in UTF-8."""

    status = 415
    code = "not_json"


class TwinRunningError(EngineError):
    """A request with the same idempotency key is still being answered."""

    status = 409
    code = "twin_running"
    retry_after = 1


class KeyReusedError(EngineError):
    """The idempotency key was used for something else."""

    status = 422
    code = "key_reused"


class TooManyWritesError(EngineError):
    """The actor wrote as often as anybody may in a minute."""

    status = 429
    code = "too_many_writes"

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
