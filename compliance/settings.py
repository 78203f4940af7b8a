"""Settings: typed, from the environment only, and refusing to start when unsafe.

The table in ``README.md`` documents every variable; a test holds the two together.

Mail goes to the server at ``COMPLIANCE_SMTP_URL`` (``smtps://user:password@host:465`` or ``smtp://host:587``), and
without one into files under ``mail/`` in the data directory. ``COMPLIANCE_MAIL_FROM`` is the sender that readers see.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
import re
import secrets
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

MIN_SECRET_LENGTH: Final = 32
# So many different characters: a random secret has more, one that was typed or left as an example has not.
MIN_SECRET_VARIETY: Final = 12
DATABASES: Final = ("sqlite", "postgresql+psycopg")
CONTACTS: Final = ("mailto:", "https://", "tel:")
WHOLE: Final = 100
_SHARE: Final = re.compile(r"([0-9]{1,3})(?: from ([0-9]{4}-[0-9]{2}-[0-9]{2}))?")
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+")


class UnsafeSettingsError(RuntimeError):
    """The application would start in a state that nobody should run."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between two installations."""

    environment: str
    database_url: str
    secret_key: str
    data_dir: Path
    base_url: str
    log_name: str
    workflow_packages: tuple[str, ...]
    smtp_url: str
    mail_from: str
    secret_key_old: str = ""
    hosts: frozenset[str] = frozenset()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    security_contact: str = ""
    debug: bool = False
    scan_command: tuple[str, ...] = ()
    address_named: bool = True
    blind_shares: tuple[tuple[dt.date, int], ...] = ()

    def blind_share(self, day: dt.date) -> int:
        """Return how many of a hundred determinations are looked at a second time, blind, on *day*."""
        return next((share for begins, share in reversed(self.blind_shares) if begins <= day), 0)

    def served_at(self, host: str, port: int) -> Settings:
        """Return the settings with the address served at as the one people use, unless that is named."""
        if self.address_named:
            return self
        reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what listens everywhere is here too
        shown = f"[{reached}]" if ":" in reached else reached
        return replace(self, base_url=f"http://{shown}:{port}")

    @property
    def https(self) -> bool:
        """Tell whether people reach the desk over https."""
        return self.base_url.startswith("https://")

    @property
    def production(self) -> bool:
        """Tell whether this installation serves real people."""
        return self.environment == "production"


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises :class:`UnsafeSettingsError` naming every variable that must change."""
    values = os.environ if environ is None else environ
    data_dir = Path(values.get("COMPLIANCE_DATA_DIR", "var")).resolve()
    environment = values.get("COMPLIANCE_ENV", "development")
    base_url = values.get("COMPLIANCE_BASE_URL", "http://127.0.0.1:5000").rstrip("/")
    host = urlsplit(base_url).hostname
    settings = Settings(
        environment=environment,
        database_url=values.get("COMPLIANCE_DATABASE_URL", f"sqlite:///{data_dir / 'countersign.db'}"),
        secret_key=values.get("COMPLIANCE_SECRET_KEY") or _development_secret(data_dir, environment),
        data_dir=data_dir,
        base_url=base_url,
        log_name=values.get("COMPLIANCE_LOG_NAME", f"{host}/audit"),
        workflow_packages=tuple(values.get("COMPLIANCE_WORKFLOWS", "workflows").split(",")),
        smtp_url=values.get("COMPLIANCE_SMTP_URL", ""),
        mail_from=values.get("COMPLIANCE_MAIL_FROM", f"Countersign <countersign@{host}>"),
        secret_key_old=values.get("COMPLIANCE_SECRET_KEY_OLD", ""),
        hosts=_hosts(values.get("COMPLIANCE_HOSTS", ""), base_url, environment),
        trusted_proxies=_networks(values.get("COMPLIANCE_TRUSTED_PROXIES", "")),
        security_contact=values.get("COMPLIANCE_SECURITY_CONTACT", ""),
        debug=values.get("FLASK_DEBUG", "0").lower() not in {"", "0", "false", "no"},
        scan_command=tuple(shlex.split(values.get("COMPLIANCE_SCAN_COMMAND", ""))),
        address_named="COMPLIANCE_BASE_URL" in values,
        blind_shares=_shares(values.get("COMPLIANCE_BLIND_REVIEWS", "5")),
    )
    if faults := _faults(settings):
        raise UnsafeSettingsError("; ".join(faults))
    return settings


def _development_secret(data_dir: Path, environment: str) -> str:
    """Keep one random secret in the data directory, so that a restart in development ends nobody's session."""
    if environment == "production":
        return ""
    path = data_dir / "secret-key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def _hosts(named: str, base_url: str, environment: str) -> frozenset[str]:
    """Return the hosts that are ours: those named, in production at least the one people use, else any."""
    found = {host.strip().lower() for host in named.split(",") if host.strip()}
    if environment == "production" and not found:
        found = {urlsplit(base_url).hostname or ""}
    return frozenset(found)


def _networks(named: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks written in *named*; raises :class:`UnsafeSettingsError` for one that is none."""
    try:
        return tuple(ip_network(part.strip()) for part in named.split(",") if part.strip())
    except ValueError as wrong:
        raise UnsafeSettingsError(f"COMPLIANCE_TRUSTED_PROXIES: {wrong}") from wrong


def _shares(named: str) -> tuple[tuple[dt.date, int], ...]:
    """Return the shares written in *named*, oldest first, such as “5, 10 from 2027-01-01”.

    Raises :class:`UnsafeSettingsError` for one that is none.
    """
    found = [_SHARE.fullmatch(part.strip()) for part in named.split(",") if part.strip()]
    try:
        read = [(dt.date.fromisoformat(one[2]) if one[2] else dt.date.min, int(one[1])) for one in found if one]
    except ValueError:
        read = []
    days = [begins for begins, _ in read]
    if len(read) < len(found) or days != sorted(set(days)) or any(share > WHOLE for _, share in read):
        raise UnsafeSettingsError(
            "COMPLIANCE_BLIND_REVIEWS must be a share in percent from 0 to 100, or several with their days in order, "
            "such as “5, 10 from 2027-01-01”"
        )
    return tuple(read)


def _faults(settings: Settings) -> list[str]:
    faults = []
    if settings.environment not in {"development", "test", "production"}:
        faults.append("COMPLIANCE_ENV must be development, test or production")
    if len(settings.secret_key) < MIN_SECRET_LENGTH:
        faults.append(f"COMPLIANCE_SECRET_KEY must have at least {MIN_SECRET_LENGTH} random characters")
    faults += [*_mail_faults(settings), *_place_faults(settings)]
    if settings.secret_key_old and len(settings.secret_key_old) < MIN_SECRET_LENGTH:
        faults.append(f"COMPLIANCE_SECRET_KEY_OLD must be the whole old key, at least {MIN_SECRET_LENGTH} long")
    if not settings.production:
        return faults
    if len(set(settings.secret_key)) < MIN_SECRET_VARIETY:
        faults.append("COMPLIANCE_SECRET_KEY must be random, for instance from “openssl rand -base64 48”")
    if not settings.https:
        faults.append("COMPLIANCE_BASE_URL must begin with https:// in production")
    if not all(HOST.fullmatch(host) for host in settings.hosts) or not settings.hosts:
        faults.append("COMPLIANCE_HOSTS must name each host of the desk, without ports and without asterisks")
    if settings.debug:
        faults.append("FLASK_DEBUG must be off in production")
    return faults


def _mail_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.smtp_url and not _is_server(settings.smtp_url):
        faults.append("COMPLIANCE_SMTP_URL must look like smtps://user:password@host:465 or smtp://host:587")
    if not settings.mail_from.isprintable() or parseaddr(settings.mail_from)[1].count("@") != 1:
        faults.append("COMPLIANCE_MAIL_FROM must be an e-mail address, such as Countersign <desk@example.com>")
    return faults


def _place_faults(settings: Settings) -> list[str]:
    """Name what cannot be found or reached where the settings say it is."""
    faults = []
    if urlsplit(settings.database_url).scheme not in DATABASES:
        faults.append(f"COMPLIANCE_DATABASE_URL must begin with {' or '.join(f'{one}://' for one in DATABASES)}")
    if urlsplit(settings.base_url).scheme not in {"http", "https"} or not urlsplit(settings.base_url).hostname:
        faults.append("COMPLIANCE_BASE_URL must be the address that people use, such as https://desk.example")
    if settings.security_contact and not settings.security_contact.startswith(CONTACTS):
        faults.append(f"COMPLIANCE_SECURITY_CONTACT must begin with {' or '.join(CONTACTS)}")
    faults += [
        f"COMPLIANCE_WORKFLOWS names “{package}”, which Python does not find"
        for package in settings.workflow_packages
        if not _is_package(package)
    ]
    if settings.scan_command and shutil.which(settings.scan_command[0]) is None:
        faults.append(f"COMPLIANCE_SCAN_COMMAND begins with “{settings.scan_command[0]}”, which is no program here")
    return faults


def _is_package(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
