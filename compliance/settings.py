"""Settings: typed, from the environment only, and refusing to start when unsafe.

The table in ``README.md`` documents every variable; a test holds the two together.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

MIN_SECRET_LENGTH: Final = 32


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
    scan_command: tuple[str, ...] = ()

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
    settings = Settings(
        environment=environment,
        database_url=values.get("COMPLIANCE_DATABASE_URL", f"sqlite:///{data_dir / 'countersign.db'}"),
        secret_key=values.get("COMPLIANCE_SECRET_KEY") or _development_secret(data_dir, environment),
        data_dir=data_dir,
        base_url=base_url,
        log_name=values.get("COMPLIANCE_LOG_NAME", f"{urlsplit(base_url).hostname}/audit"),
        workflow_packages=tuple(values.get("COMPLIANCE_WORKFLOWS", "workflows").split(",")),
        scan_command=tuple(shlex.split(values.get("COMPLIANCE_SCAN_COMMAND", ""))),
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


def _faults(settings: Settings) -> list[str]:
    faults = []
    if settings.environment not in {"development", "test", "production"}:
        faults.append("COMPLIANCE_ENV must be development, test or production")
    if len(settings.secret_key) < MIN_SECRET_LENGTH:
        faults.append(f"COMPLIANCE_SECRET_KEY must have at least {MIN_SECRET_LENGTH} random characters")
    if settings.production and not settings.base_url.startswith("https://"):
        faults.append("COMPLIANCE_BASE_URL must begin with https:// in production")
    return faults
