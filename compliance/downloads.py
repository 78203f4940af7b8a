"""Giving out what strangers brought, so that a browser keeps it as a file and never runs it."""

from __future__ import annotations

from typing import Final

from flask import Response, send_file

from compliance.engine.documents import LostFileError, Shown
from compliance.kernel import files

# It may run nothing, load nothing and frame nothing.
CONTENT_SECURITY_POLICY: Final = "sandbox; default-src 'none'"


def sent(found: Shown) -> Response:
    """Return the answer that carries *found*; raises :class:`LostFileError` when its bytes are gone."""
    try:
        path = files.documents().path(found.sha256)
    except files.FileMissingError:
        raise LostFileError(
            f"The bytes of “{found.name}” are not in the data directory. Tell whoever runs this installation."
        ) from None
    response = send_file(path, mimetype=found.media_type, as_attachment=True, download_name=found.name, max_age=0)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
