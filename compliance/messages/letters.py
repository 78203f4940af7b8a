"""A mail as it travels: one text, carried as plain text and as HTML that says the same."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from compliance.messages import choices
from compliance.messages.kinds import Kind
from compliance.messages.models import MailMessage
from compliance.settings import Settings

# Long addresses in headers stay whole: folded, they would be encoded, and no mail program would follow them.
POLICY: Final = SMTP.clone(max_line_length=998)
_PARAGRAPHS: Final = re.compile(r"\n\s*\n")


def letter(mail: MailMessage, settings: Settings) -> EmailMessage:
    """Return *mail* ready for any carrier; raises ``ValueError`` for an address that no header can hold.

    The same row gives the same Message-ID, so that a mail sent twice can be told from two mails.
    """
    made = EmailMessage(policy=POLICY)
    name, sender = parseaddr(settings.mail_from)
    made["From"] = Address(name, addr_spec=sender)
    made["To"] = _address(mail.address)
    # What looks like an encoded word would be decoded on the way out, line breaks and all.
    made["Subject"] = mail.subject.replace("=?", "= ?")
    made["Date"] = format_datetime(mail.made_at)
    made["Message-ID"] = f"<{mail.id}@{urlsplit(settings.base_url).hostname}>"
    made["Auto-Submitted"] = "auto-generated"
    if mail.person_id and mail.kind:
        made["List-Unsubscribe"] = f"<{choices.address(mail.person_id, Kind(mail.kind))}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(mail.text)
    made.add_alternative(as_html(mail.text, settings.base_url), subtype="html")
    return made


def _address(text: str) -> Address:
    try:
        return Address(addr_spec=text)
    except (ValueError, IndexError, MessageError) as refused:
        raise ValueError(f"“{text}” is no address that mail can be sent to") from refused


def as_html(text: str, base_url: str) -> str:
    """Return *text* as HTML: its paragraphs and lines, and links where it names an address of this desk only."""
    # Up to a space or the end, without the mark that ends the sentence, and nothing that merely begins like ours.
    ours = re.compile(rf"({re.escape(base_url)}(?:/[^\s<>\"']*[^\s<>\"'.,;:)])?)(?=[.,;:)]*(?:\s|$))")
    paragraphs = [_paragraph(part, ours) for part in _PARAGRAPHS.split(text.strip())]
    return Markup('<!doctype html><html lang="en"><body>{}</body></html>\n').format(Markup("\n").join(paragraphs))


def _paragraph(text: str, ours: re.Pattern[str]) -> Markup:
    lines = (Markup("").join(_piece(piece, ours) for piece in ours.split(line)) for line in text.split("\n"))
    return Markup("<p>{}</p>").format(Markup("<br>\n").join(lines))


def _piece(piece: str, ours: re.Pattern[str]) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(piece) if ours.fullmatch(piece) else escape(piece)
