"""Countersign, the compliance desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from compliance.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; see :func:`compliance.application.create_app`.

    It is loaded here and not above, so that one room of the house can be used without starting the whole of it.
    """
    from compliance.application import create_app as make  # noqa: PLC0415 - the sentence above

    return make(settings)
