"""What carries mail: an SMTP server, or files in the data directory where none is named."""

from __future__ import annotations

import os
import smtplib
import ssl
import uuid
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from compliance.settings import Settings

TIMEOUT_S: Final = 20
PERMANENT: Final = 500
HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Carrier(Protocol):
    """Somebody who takes a letter on its way."""

    def carry(self, mail_id: uuid.UUID, letter: EmailMessage) -> None:
        """Take *letter*; raises ``OSError`` or ``SMTPException`` when it is not taken."""
        ...

    def close(self) -> None:
        """Let go of whatever was held between letters."""
        ...


def carrier(settings: Settings) -> Carrier:
    """Return what carries the mail of this installation."""
    return Server(settings.smtp_url) if settings.smtp_url else Folder(settings.data_dir / "mail")


def is_final(fault: Exception) -> bool:
    """Tell whether trying again cannot help: the address or the letter itself was refused for good."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in fault.recipients.values())
    if isinstance(fault, smtplib.SMTPDataError):
        return fault.smtp_code >= PERMANENT
    return isinstance(fault, ValueError)


class Folder:
    """A folder of letters. A letter's name is its id, so one that is written again takes its own place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def carry(self, mail_id: uuid.UUID, letter: EmailMessage) -> None:
        """Write *letter* whole or not at all, readable only by the service's user: it may hold keys."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f".{mail_id}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(letter.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / f"{mail_id}.eml")

    def close(self) -> None:
        """Nothing is held."""


class Server:
    """An SMTP server: ``smtps://`` speaks TLS at once, ``smtp://`` turns to it wherever the server is another machine.

    One connection carries letter after letter.
    """

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.connection: smtplib.SMTP | None = None

    def carry(self, mail_id: uuid.UUID, letter: EmailMessage) -> None:
        """Hand *letter* over; a broken connection is given up, so that the next letter finds a new one."""
        del mail_id
        try:
            if self.connection is None:
                self.connection = self._connect()
            self.connection.send_message(letter)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            raise
        except (OSError, smtplib.SMTPException):
            self.close()
            raise

    def close(self) -> None:
        """Take leave of the server."""
        if self.connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.connection.quit()
            self.connection = None

    def _connect(self) -> smtplib.SMTP:
        host, port, secure = self.parts.hostname or "", self.parts.port, ssl.create_default_context()
        if self.parts.scheme == "smtps":
            made: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_S, context=secure)
        else:
            made = smtplib.SMTP(host, port or 587, timeout=TIMEOUT_S)
            if host not in HERE:
                made.starttls(context=secure)
        if self.parts.username:
            made.login(unquote(self.parts.username), unquote(self.parts.password or ""))
        return made
