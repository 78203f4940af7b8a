"""Mail as rows: written in the transaction of what causes it, sent afterwards or not at all."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from flask import current_app

from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.messages.models import MailMessage

LONGEST_SUBJECT: Final = 150


def post(address: str, template: str, subject: str, *, key: str | None = None, **shown: object) -> MailMessage | None:
    """Write a mail to *address* in the running transaction, worded by ``templates/mail/<template>.txt``.

    *key* names its cause; a second mail with the same key is not written, and ``None`` returned.
    """
    if key is not None and session().scalar(sa.select(MailMessage.id).where(MailMessage.key == key)) is not None:
        return None
    made = MailMessage(**written(address, template, subject, key=key, **shown))
    session().add(made)
    return made


def written(address: str, template: str, subject: str, *, key: str | None = None, **shown: object) -> dict[str, Any]:
    """Return the columns of a mail to *address*, for callers who write many at once under keys that are new."""
    at = clock.now()
    # Not Flask's own rendering, which adds what every page shows and so asks for a request.
    words = current_app.jinja_env.get_template(f"mail/{template}.txt").render(**shown)
    return {
        "key": key,
        "address": address,
        "subject": " ".join(subject.split())[:LONGEST_SUBJECT],  # No line break of a name may begin a header.
        "text": words,
        "made_at": at,
        "due_at": at,
    }
