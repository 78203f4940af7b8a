"""The closed vocabulary of the record: an event that is not listed cannot be written.

Processes add a word for each of their actions (``<kind>.<action>``) when they are discovered; all else is here.
"""

from __future__ import annotations

import enum


class Event(enum.StrEnum):
    """What can happen beside the actions of processes. Kept sorted."""

    CONFLICT_DECLARED = "conflict.declared"
    CONFLICT_WITHDRAWN = "conflict.withdrawn"
    DELEGATION_ENDED = "delegation.ended"
    DELEGATION_STARTED = "delegation.started"
    EXPORT_ENDED = "export.ended"
    EXPORT_MADE = "export.made"
    IMPORT_MADE = "import.made"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_SENT = "invitation.sent"
    JOB_CANCELLED = "job.cancelled"
    JOB_RETRIED = "job.retried"
    MAIL_CANCELLED = "mail.cancelled"
    MAIL_RETRIED = "mail.retried"
    ORGANISATION_CHANGED = "organisation.changed"
    ORGANISATION_CREATED = "organisation.created"
    PERSON_CHANGED = "person.changed"
    PERSON_CREATED = "person.created"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    PERSON_PASSWORD_CHANGED = "person.password_changed"  # noqa: S105 - the name of an event
    PERSON_PASSWORD_RESET_ASKED = "person.password_reset_asked"  # noqa: S105 - the name of an event
    PERSON_RECOVERY_CODES_MADE = "person.recovery_codes_made"
    PERSON_RECOVERY_CODE_USED = "person.recovery_code_used"
    PERSON_SECOND_FACTOR_FAILED = "person.second_factor_failed"
    PERSON_SECOND_FACTOR_REMOVED = "person.second_factor_removed"
    PERSON_SECOND_FACTOR_SET = "person.second_factor_set"
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGNED_OUT = "person.signed_out"
    PERSON_SIGN_IN_FAILED = "person.sign_in_failed"
    PERSON_SIGN_IN_LIMITED = "person.sign_in_limited"
    RECORD_VALUES_ERASED = "record.values_erased"
    ROLE_ENDED = "role.ended"
    ROLE_GIVEN = "role.given"
    ROLE_PROPOSED = "role.proposed"
    ROLE_REFUSED = "role.refused"
    RULES_PUBLISHED = "rules.published"
    SAMPLE_LOADED = "sample.loaded"
    SAMPLE_REMOVED = "sample.removed"
    SESSION_ENDED = "session.ended"
    TEAM_CHANGED = "team.changed"
    TEAM_CREATED = "team.created"
    TOKEN_MADE = "token.made"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an event
    TOKEN_USED_FIRST = "token.used_first"  # noqa: S105 - the name of an event


class UnknownEventError(ValueError):
    """An event was to be written that the vocabulary does not hold."""


_words: set[str] = {event.value for event in Event}


def add(kind: str, actions: list[str]) -> None:
    """Add the words of a process."""
    _words.update(f"{kind}.{action}" for action in actions)


def check(word: str) -> str:
    """Return *word*; raises :class:`UnknownEventError` when it is not in the vocabulary."""
    if word not in _words:
        message = f"“{word}” is not in the vocabulary of the record"
        raise UnknownEventError(message)
    return word


def words() -> list[str]:
    """Return the whole vocabulary, sorted."""
    return sorted(_words)
