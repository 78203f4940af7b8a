"""Every way in which the engine says no: a status, and a sentence for the person who asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class EngineError(Exception):
    """A refusal. Nothing was written when it is raised; ``status`` is the HTTP status that carries it.

    ``retry_after`` is the number of seconds after which the same request may succeed, where waiting helps.
    """

    status = 400
    code = "refused"
    retry_after: int | None = None

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFoundError(EngineError):
    """What was asked for does not exist, or is out of the actor's sight: the two answer alike."""

    status = 404
    code = "not_found"


class NotAllowedError(EngineError):
    """The actor's roles do not include this action."""

    status = 403
    code = "not_allowed"


class MovedOnError(EngineError):
    """The case is no longer in the state, or no longer says what, the request took for granted."""

    status = 409
    code = "moved_on"


class RefusedError(EngineError):
    """A guard refused; the sentence is the guard's."""

    status = 409
    code = "guard"


class InvalidInputError(EngineError):
    """The form refused; ``errors`` maps each field to its sentences."""

    status = 422
    code = "invalid"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(
            "Some answers need another look: " + "; ".join(f"{k}: {' '.join(v)}" for k, v in errors.items())
        )
        self.errors = {name: list(sentences) for name, sentences in errors.items()}
