"""Mail as rows: written in the transaction of what causes it, sent afterwards or not at all."""

from __future__ import annotations

import sqlalchemy as sa
from flask import current_app

from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.messages.models import MailMessage

LONGEST_SUBJECT = 150


def post(address: str, template: str, subject: str, *, key: str | None = None, **shown: object) -> MailMessage | None:
    """Write a mail to *address* in the running transaction, worded by ``templates/mail/<template>.txt``.

    *key* names its cause; a second mail with the same key is not written, and ``None`` returned.
    """
    if key is not None and session().scalar(sa.select(MailMessage.id).where(MailMessage.key == key)) is not None:
        return None
    made = MailMessage(
        key=key,
        address=address,
        subject=" ".join(subject.split())[:LONGEST_SUBJECT],  # No line break of a name may begin a header.
        # Not as a page: who reads the mail is not who makes the request, and often there is no request.
        text=current_app.jinja_env.get_template(f"mail/{template}.txt").render(**shown),
        made_at=clock.now(),
    )
    session().add(made)
    return made
