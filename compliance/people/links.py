"""Links that hold a secret: mailed to one address, kept as a hash, good for a time."""

from __future__ import annotations

import hashlib

from flask import current_app

from compliance.settings import Settings


def to(path: str) -> str:
    """Return *path* on this installation, from its settings: no header of a request has a say in what is mailed."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.base_url}{path}"


def digest(token: str) -> bytes:
    """Return what is kept of *token*."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
